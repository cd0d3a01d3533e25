; Colours. The words that are keywords are those of grammars/res.lark; layers are those that the compiler knows.

[
  "about" "act" "after" "all" "before" "block" "cite" "drop" "each" "else" "expect" "extern" "head" "if" "in" "init"
  "input" "keys" "layer" "layers" "let" "levels" "link" "network" "norm" "over" "require" "res" "residual" "schedule"
  "shortcut" "stage" "stem" "survive" "tap" "then" "use" "via" "within"
] @keyword

["and" "or" "not"] @keyword.operator
(boolean) @constant.builtin

(doc_comment) @comment.documentation
[(comment) (block_comment)] @comment

(string) @string
(escape) @string.escape
(interpolation) @variable.parameter
[(integer) (real) (size) (quantity)] @number

["->" "=" "==" "!=" "<=" ">=" "<" ">" "+" "-" "*" "/" "//" "%" "^" "~" ".."] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":"] @punctuation.delimiter

(network name: (name) @type)
(derived name: (name) @type)
(block name: (name) @type)
(shortcut_kind name: (name) @type)
(layer name: (name) @type)
(schedule name: (name) @type)
(extern name: (name) @type)
(parameter name: (name) @variable.parameter)
(parameter type: (type) @type.builtin)
(keyword name: (name) @property)
(option (name) @property)
(stage label: (name) @label)
(layers label: (name) @label)
(link label: (name) @label)
(span label: (name) @label)
(tap label: (name) @label)
(drop label: (name) @label)
(expect subject: (name) @property)
(own) @variable.builtin

(chain (reference name: (name) @function))
(feed "->" . (reference name: (name) @function))
(run . (reference name: (name) @function))
(kinds (reference name: (name) @function))
(reference name: (name) @function (arguments))
