/**
 * The tree-sitter grammar of the `.res` language, edition 1: the rules of grammars/res.lark, under the same names.
 *
 * A test reads src/grammar.json and holds its keywords equal to those of res.lark, and parses every spec.
 */

const BINARY = { or: 1, and: 2, compare: 4, sum: 5, product: 6, power: 8 };
const NOT = 3, MINUS = 7, INDEX = 9;

const listed = (rule) => seq(rule, repeat(seq(",", rule)));
const listedInParens = (rule) => seq("(", optional(seq(listed(rule), optional(","))), ")");
const braced = (rule) => seq("{", repeat(rule), "}");

module.exports = grammar({
  name: "resdsl",

  word: ($) => $.name,

  extras: ($) => [/[ \t\r\n]/, $.doc_comment, $.comment, $.block_comment],

  supertypes: ($) => [$.definition, $.statement],

  rules: {
    program: ($) => seq($.edition, repeat($.use), repeat($.definition)),

    edition: ($) => seq("res", $.integer),
    use: ($) => seq("use", $.string),

    // ------------------------------------------------------------ definitions

    definition: ($) =>
      choice($.network, $.derived, $.block, $.shortcut_kind, $.layer, $.schedule, $.extern),

    network: ($) => seq("network", field("name", $.name), optional($.parameters), braced($.statement)),
    derived: ($) =>
      seq(
        "network", field("name", $.name), optional($.parameters), "=", field("base", $.reference),
        optional(braced($.statement)),
      ),
    block: ($) => seq("block", field("name", $.name), optional($.parameters), braced($._block_statement)),
    shortcut_kind: ($) =>
      seq("shortcut", field("name", $.name), optional($.parameters), braced($._equation_statement)),
    layer: ($) => seq("layer", field("name", $.name), optional($.parameters), braced($._equation_statement)),
    schedule: ($) => seq("schedule", field("name", $.name), optional($.parameters), "=", $._expression),
    extern: ($) =>
      seq(
        "extern", "block", field("name", $.name), optional($.parameters), "->", "(", $._expression, ")",
        optional(seq("/", $._postfix)), repeat(seq(",", $.keyword)),
      ),

    parameters: ($) => listedInParens($.parameter),
    parameter: ($) =>
      seq(
        field("name", $.name),
        optional(seq(":", field("type", $.type), optional(seq("in", $._plain, "..", $._plain)))),
        optional(seq("=", field("default", $._expression))),
      ),
    type: ($) => choice($.name, "block", "shortcut", "layer"),

    // ------------------------------------------------------------ statements

    statement: ($) =>
      choice(
        $.let, $.require, $.input, $.stem, $.head, $.layers, $.stage, $.shortcut, $.link, $.levels, $.survive, $.init,
        $.tap, $.keys, $.expect, $.drop, $.norm, $.act, $.about, $.cite,
      ),
    _stage_statement: ($) => choice($.let, $.shortcut, $.survive, $.norm, $.act, $.about),
    _block_statement: ($) =>
      choice($.before, $.residual, $.after, $.shortcut, $.let, $.require, $.about, $.cite),
    _equation_statement: ($) => choice($.equation, $.let, $.require, $.about, $.cite),

    let: ($) => seq("let", field("name", $.name), "=", $._expression),
    require: ($) => seq("require", $._expression, ",", $.string),
    input: ($) => seq("input", $._expression),
    stem: ($) => seq("stem", $.chain),
    head: ($) => seq("head", $.chain),
    layers: ($) => seq("layers", field("label", $.name), ":", $.chain),
    stage: ($) =>
      seq(
        "stage", field("label", $.name), optional(seq("/", $._postfix)), ":", $.run, repeat(seq("+", $.run)),
        optional(braced($._stage_statement)),
      ),
    run: ($) => seq($.reference, optional(seq("via", $.kinds)), optional(seq("*", $._postfix))),
    shortcut: ($) => seq("shortcut", $.kinds),
    kinds: ($) => seq($.reference, optional(seq("else", $.reference))),
    link: ($) => seq("link", field("label", $.name), "over", $.span, "via", $.kinds),
    levels: ($) => seq("levels", $._expression, "via", $.kinds),
    survive: ($) => seq("survive", $._expression, repeat($.option)),
    option: ($) => seq(",", $.name, "=", choice($.name, "stage")),
    init: ($) => seq("init", listed($.reference)),
    tap: ($) => seq("tap", listed(field("label", $.name))),
    keys: ($) => seq("keys", $.name),
    norm: ($) => seq("norm", $.reference),
    act: ($) => seq("act", $.reference),
    about: ($) => seq("about", $.string),
    cite: ($) => seq("cite", $.string),

    span: ($) =>
      choice(
        "all",
        seq("each", "stage"),
        seq("each", $._postfix),
        field("label", $.name),
        seq(field("label", $.name), "[", $._expression, optional(seq("..", $._expression)), "]"),
        seq(field("label", $.name), "..", field("label", $.name)),
      ),

    expect: ($) =>
      seq(
        "expect", field("subject", $.name), optional(seq("(", listed($._argument), ")")),
        choice(seq("=", $._expression), seq("~", choice($.quantity, $._expression), optional($.within))),
      ),
    within: ($) => seq("within", choice($.integer, $.real), "%"),

    drop: ($) =>
      seq(
        "drop",
        choice(
          seq(choice("link", "stage", "layers"), field("label", $.name)),
          "stem", "head", "shortcut", "survive", "levels", "tap", "init", "keys", "norm", "act",
          "require",
        ),
      ),

    before: ($) => seq("before", $.chain, repeat($.option)),
    residual: ($) => seq("residual", $.chain),
    after: ($) => seq("after", $.chain),
    equation: ($) => seq(field("name", $.name), "=", $._expression),

    // ------------------------------------------------------------ expressions

    chain: ($) => seq($.reference, repeat(seq("->", $.reference))),
    _expression: ($) => choice($._plain, $.feed),
    feed: ($) => seq($._plain, repeat1(seq("->", $.reference))),
    _plain: ($) => choice($.choose, $.binary, $.unary, $._postfix),
    choose: ($) => prec.right(0, seq("if", $._plain, "then", $._plain, "else", $._plain)),
    binary: ($) =>
      choice(
        prec.left(BINARY.or, seq($._plain, "or", $._plain)),
        prec.left(BINARY.and, seq($._plain, "and", $._plain)),
        prec.left(BINARY.compare, seq($._plain, choice("==", "!=", "<=", ">=", "<", ">"), $._plain)),
        prec.left(BINARY.sum, seq($._plain, choice("+", "-"), $._plain)),
        prec.left(BINARY.product, seq($._plain, choice("*", "/", "//", "%"), $._plain)),
        prec.right(BINARY.power, seq($._plain, "^", $._plain)),
      ),
    unary: ($) => choice(prec(NOT, seq("not", $._plain)), prec(MINUS, seq("-", $._plain))),
    _postfix: ($) =>
      choice($.index, $.integer, $.real, $.size, $.string, $.boolean, $.reference, $.group, $.list),
    index: ($) => prec(INDEX, seq($._postfix, "[", $._expression, "]")),
    group: ($) => seq("(", $._expression, ")"),
    list: ($) => seq("[", optional(seq(listed($._expression), optional(","))), "]"),

    reference: ($) => seq(field("name", $._word), optional($.arguments)),
    _word: ($) => choice($.name, alias(choice("norm", "act", "in"), $.own)),
    arguments: ($) => listedInParens($._argument),
    _argument: ($) => choice($._expression, $.keyword, $.stride),
    keyword: ($) => seq(field("name", $.name), "=", $._expression),
    stride: ($) => seq("/", $._postfix),

    // ------------------------------------------------------------ terminals

    name: () => /[A-Za-z_][A-Za-z0-9_]*/,
    quantity: () => token(prec(4, /[0-9]+(\.[0-9]+)?[KMGB]/)),
    size: () => token(prec(3, /[0-9]+(x[0-9]+)+/)),
    real: () => token(prec(2, /[0-9](_?[0-9])*(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)/)),
    integer: () => token(prec(1, /[0-9](_?[0-9])*/)),
    boolean: () => choice("true", "false"),
    string: ($) =>
      seq('"', repeat(choice($.text, $.escape, $.interpolation)), token.immediate('"')),
    text: () => token.immediate(prec(1, /[^"\\\n{]+|\{/)),
    escape: () => token.immediate(/\\./),
    interpolation: () => token.immediate(prec(2, /\{[A-Za-z_][A-Za-z0-9_]*\}/)),

    doc_comment: () => token(prec(1, /##[^#\n][^\n]*|##/)),
    comment: () => token(/#[^\n]*/),
    block_comment: () => token(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//),
  },
});
