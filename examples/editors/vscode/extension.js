// Starts `resdsl lsp` for documents of the language, and shows the drawings that it makes.

"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async function (context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("resdsl.restart", restart),
    vscode.commands.registerCommand("resdsl.drawNetwork", drawNetwork),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("resdsl.command")) restart();
    }),
    vscode.languages.onDidChangeDiagnostics(drawAgain),
  );
  await start();
};

exports.deactivate = () => client?.stop();

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("resdsl").get("command");
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{res,resdsl}");
  client = new LanguageClient(
    "resdsl",
    "resdsl",
    { command, args, options: { cwd } },
    {
      documentSelector: [{ language: "resdsl" }],
      initializationOptions: { drawings: "return" },
      synchronize: { fileEvents: watcher },
      middleware: { executeCommand: showDrawings },
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `The server does not start: \`${[command, ...args].join(" ")}\`. ` +
        "`pip install 'resdsl[lsp]'` installs it; the setting `resdsl.command` says where it is.",
    );
  }
}

async function restart() {
  await client?.stop().catch(() => undefined);
  await start();
}

// Every way to draw ends here: the lens above a network, the button of the editor's title, the palette, the text itself.
async function showDrawings(command, args, next) {
  const result = await next(command, args);
  if (command === "resdsl.draw" && result?.svg) show(args[0], result);
  return result;
}

function drawNetwork() {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  return vscode.commands.executeCommand("resdsl.draw", editor.document.uri.toString(), networkAt(editor));
}

// The network that the cursor stands in, by the last `network NAME` above it; null leaves the choice to the server.
function networkAt(editor) {
  const above = editor.document.getText(new vscode.Range(0, 0, editor.selection.active.line + 1, 0));
  const names = [...above.matchAll(/^\s*network\s+([A-Za-z_]\w*)/gm)];
  return names.length ? names[names.length - 1][1] : null;
}

// A text was checked: what is drawn of it is drawn anew, while the network is there and the text has no mistakes.
function drawAgain({ uris }) {
  for (const uri of uris) {
    const document = vscode.workspace.textDocuments.find((shown) => shown.uri.toString() === uri.toString());
    const told = vscode.languages.getDiagnostics(uri);
    if (!document || told.some(({ severity }) => severity === vscode.DiagnosticSeverity.Error)) continue;
    for (const { of, network } of drawings.values()) {
      if (of === uri.toString() && new RegExp(`^\\s*network\\s+${network}\\b`, "m").test(document.getText()))
        vscode.commands.executeCommand("resdsl.draw", of, network);
    }
  }
}

const drawings = new Map();

function show(uri, { network, svg }) {
  const key = `${network} ${uri}`;
  if (!drawings.has(key)) {
    const panel = vscode.window.createWebviewPanel("resdsl.drawing", network, vscode.ViewColumn.Beside, {});
    panel.onDidDispose(() => drawings.delete(key));
    drawings.set(key, { of: uri, network, panel });
  }
  // The picture is data: no script runs, and nothing is fetched.
  drawings.get(key).panel.webview.html = `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:">
<style>body { background: white; margin: 1em } svg { max-width: 100%; height: auto }</style>
</head>
<body>${svg.slice(svg.indexOf("<svg"))}</body>
</html>`;
}
