(() => {
  const trouble = document.querySelector("#trouble");
  const hasPicture = document.querySelector("[role=tablist]") !== null;
  let known = document.querySelector('meta[name="version"]').content;

  const element = (name, className, words) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = words;
    return made;
  };

  // The spec as it is now; the picture above is still that of the last one without mistakes.
  function retype(number, text) {
    const place = document.querySelector(`#spec-${number}`);
    if (!place || !text) return;
    place.replaceChildren(...text.replace(/\r\n/g, "\n").trimEnd().split("\n").map((line, at) => {
      const row = element("div", "", "");
      row.id = `line-${number}-${at + 1}`;
      row.dataset.line = at + 1;
      row.append(element("code", "", line));
      return row;
    }));
  }

  function mark([number, line, words]) {
    const row = document.querySelector(`#line-${number}-${line}`);
    if (!row) return;
    row.classList.add("wrong");
    const told = element("div", "told", "");
    told.append(element("code", "", words));
    let last = row;
    while (last.nextElementSibling?.classList.contains("told")) last = last.nextElementSibling;
    last.after(told);
    row.scrollIntoView({ block: "nearest" });
  }

  function show(news) {
    trouble.textContent = news.trouble;
    trouble.hidden = false;
    news.texts.forEach((text, at) => retype(at + 1, text));
    [...news.wrong].reverse().forEach(mark);
  }

  async function ask() {
    let news;
    try {
      const answer = await fetch(`/news?since=${encodeURIComponent(known)}`, { cache: "no-store" });
      news = await answer.json();
    } catch {
      trouble.textContent = "The server has stopped.";
      trouble.hidden = false;
      setTimeout(ask, 2000);
      return;
    }
    if (news.version !== known) {
      if (!hasPicture || !news.trouble) { location.reload(); return; }
      known = news.version;
      show(news);
    }
    ask();
  }
  ask();
})();
