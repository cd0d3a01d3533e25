// Stands in for VS Code: runs a packaged extension, which finds whatever it asks for; prints the commands that there are then,
// its own and those that the server offers, and the errors that were shown.
"use strict";
const Module = require("node:module");
const [bundle, python, root, folder] = process.argv.slice(2);
const errors = [];
const anything = (name) =>
  new Proxy(class {}, {
    get: (target, key) =>
      key in target ? target[key] : key === "then" ? undefined : (target[key] = anything(`${name}.${String(key)}`)),
    apply: () => anything(`${name}()`),
    construct: () =>
      new Proxy(
        {},
        {
          get: (t, k) => (k in t ? t[k] : k === "then" ? undefined : (t[k] = anything(String(k)))),
          set: (t, k, v) => ((t[k] = v), true),
        },
      ),
  });
const disposable = { dispose() {} };
const event = () => disposable;
class Uri {
  constructor(p) {
    this.fsPath = p;
    this.path = p;
    this.scheme = "file";
  }
  toString() {
    return "file://" + this.fsPath;
  }
  static parse(t) {
    return new Uri(t.replace("file://", ""));
  }
  static file(p) {
    return new Uri(p);
  }
  with() {
    return this;
  }
}
const vscode = new Proxy(
  {
    Uri,
    version: "1.91.0",
    env: { appName: "trial", language: "en" },
    workspace: new Proxy(
      {
        workspaceFolders: [{ uri: new Uri(folder), name: "trial", index: 0 }],
        textDocuments: [],
        notebookDocuments: [],
        getConfiguration: () => ({
          get: (key) => (key === "command" ? [python, "-m", "resdsl", "lsp"] : undefined),
          inspect: () => undefined,
        }),
        createFileSystemWatcher: () => ({ onDidCreate: event, onDidChange: event, onDidDelete: event, dispose() {} }),
        getWorkspaceFolder: () => undefined,
      },
      { get: (t, k) => (k in t ? t[k] : event) },
    ),
    window: new Proxy(
      {
        showErrorMessage: async (text) => {
          errors.push(String(text));
        },
        createOutputChannel: () => ({
          append() {},
          appendLine() {},
          show() {},
          dispose() {},
          error(t) {
            errors.push(String(t));
          },
          info() {},
          warn() {},
          debug() {},
          trace() {},
        }),
        visibleTextEditors: [],
        tabGroups: { all: [], onDidChangeTabs: event, onDidChangeTabGroups: event },
      },
      { get: (t, k) => (k in t ? t[k] : event) },
    ),
    languages: new Proxy(
      {
        createDiagnosticCollection: () => ({ set() {}, delete() {}, clear() {}, dispose() {}, has: () => false }),
        match: () => 0,
      },
      { get: (t, k) => (k in t ? t[k] : () => disposable) },
    ),
    commands: {
      registered: {},
      registerCommand(name, run) {
        this.registered[name] = run;
        return disposable;
      },
      executeCommand: async () => undefined,
    },
    extensions: { getExtension: () => undefined, onDidChange: event, all: [] },
    EventEmitter: class {
      constructor() {
        this.event = event;
      }
      fire() {}
      dispose() {}
    },
    CancellationTokenSource: class {
      constructor() {
        this.token = { isCancellationRequested: false, onCancellationRequested: event };
      }
      cancel() {}
      dispose() {}
    },
    Disposable: class {
      constructor(f) {
        this.dispose = f || (() => {});
      }
      static from() {
        return disposable;
      }
    },
  },
  { get: (t, k) => (k in t ? t[k] : (t[k] = anything(String(k)))) },
);
const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
process.env.PYTHONPATH = root;
const extension = require(bundle);
(async () => {
  await extension.activate({ subscriptions: [] });
  const commands = Object.keys(vscode.commands.registered);
  await extension.deactivate();
  console.log(JSON.stringify({ commands, errors }));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
