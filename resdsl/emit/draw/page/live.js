(() => {
  const trouble = document.querySelector("#trouble");
  let known = document.querySelector('meta[name="version"]').content;

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
    if (news.version === known) { ask(); return; }
    if (news.trouble) {
      known = news.version;
      trouble.textContent = news.trouble;
      trouble.hidden = false;
      document.querySelectorAll("pre .hit").forEach((line) => line.classList.remove("hit"));
      news.lines.forEach((line) => document.querySelector(`#line-1-${line}`)?.classList.add("hit"));
    } else {
      location.reload();
      return;
    }
    ask();
  }
  ask();
})();
