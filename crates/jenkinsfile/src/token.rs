//! The words of a Groovy text.
//!
//! Responsible for naming them. It must not decide how they follow each other.

use crate::source::Span;

/// A word, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One or more ends of lines outside of parentheses, with the comments between them.
    Newline,
    /// `;`
    Semicolon,
    /// A name.
    Name,
    /// A reserved word.
    Word(Word),
    /// A whole number.
    Integer,
    /// A number with a fraction or an exponent.
    Decimal,
    /// A string without an expression in it, quotes included.
    Text,
    /// A string's beginning, up to its first expression.
    TemplateStart,
    /// What stands between two expressions of a string.
    TemplateMiddle,
    /// A string's end, after its last expression.
    TemplateEnd,
    /// An operator or a bracket.
    Mark(Mark),
    /// The end of the text.
    End,
}

macro_rules! words {
    ($(#[$doc:meta] $name:ident $text:literal)*) => {
        /// A reserved word of Groovy 2.4.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $(#[$doc] $name),* }

        impl Word {
            /// The reserved word that is written so.
            pub fn of(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$name,)* _ => return None })
            }
        }
    };
}

words! {
    /// `abstract`
    Abstract "abstract"
    /// `as`
    As "as"
    /// `assert`
    Assert "assert"
    /// `boolean`
    Boolean "boolean"
    /// `break`
    Break "break"
    /// `byte`
    Byte "byte"
    /// `case`
    Case "case"
    /// `catch`
    Catch "catch"
    /// `char`
    Char "char"
    /// `class`
    Class "class"
    /// `const`
    Const "const"
    /// `continue`
    Continue "continue"
    /// `def`
    Def "def"
    /// `default`
    Default "default"
    /// `do`
    Do "do"
    /// `double`
    Double "double"
    /// `else`
    Else "else"
    /// `enum`
    Enum "enum"
    /// `extends`
    Extends "extends"
    /// `false`
    False "false"
    /// `final`
    Final "final"
    /// `finally`
    Finally "finally"
    /// `float`
    Float "float"
    /// `for`
    For "for"
    /// `goto`
    Goto "goto"
    /// `if`
    If "if"
    /// `implements`
    Implements "implements"
    /// `import`
    Import "import"
    /// `in`
    In "in"
    /// `instanceof`
    InstanceOf "instanceof"
    /// `int`
    Int "int"
    /// `interface`
    Interface "interface"
    /// `long`
    Long "long"
    /// `native`
    Native "native"
    /// `new`
    New "new"
    /// `null`
    Null "null"
    /// `package`
    Package "package"
    /// `private`
    Private "private"
    /// `protected`
    Protected "protected"
    /// `public`
    Public "public"
    /// `return`
    Return "return"
    /// `short`
    Short "short"
    /// `static`
    Static "static"
    /// `strictfp`
    Strictfp "strictfp"
    /// `super`
    Super "super"
    /// `switch`
    Switch "switch"
    /// `synchronized`
    Synchronized "synchronized"
    /// `this`
    This "this"
    /// `threadsafe`
    Threadsafe "threadsafe"
    /// `throw`
    Throw "throw"
    /// `throws`
    Throws "throws"
    /// `trait`
    Trait "trait"
    /// `transient`
    Transient "transient"
    /// `true`
    True "true"
    /// `try`
    Try "try"
    /// `void`
    Void "void"
    /// `volatile`
    Volatile "volatile"
    /// `while`
    While "while"
}

impl Word {
    /// Whether it names one of Java's own types, or nothing.
    pub const fn is_type(self) -> bool {
        matches!(
            self,
            Self::Boolean
                | Self::Byte
                | Self::Char
                | Self::Double
                | Self::Float
                | Self::Int
                | Self::Long
                | Self::Short
                | Self::Void
        )
    }

    /// Whether it can stand before a declaration.
    pub const fn is_modifier(self) -> bool {
        matches!(
            self,
            Self::Abstract
                | Self::Final
                | Self::Native
                | Self::Private
                | Self::Protected
                | Self::Public
                | Self::Static
                | Self::Strictfp
                | Self::Synchronized
                | Self::Threadsafe
                | Self::Transient
                | Self::Volatile
        )
    }
}

macro_rules! marks {
    ($($name:ident $text:literal)*) => {
        /// An operator or a bracket; each is named by what it looks like.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the text beside each name is all there is to say")]
        pub enum Mark { $($name),* }

        impl Mark {
            /// The one that is written so.
            pub fn of(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$name,)* _ => return None })
            }

            /// How it is written.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

marks! {
    UnsignedRightAssign ">>>="
    Identical "==="
    NotIdentical "!=="
    Compare "<=>"
    MatchRegex "==~"
    LeftAssign "<<="
    RightAssign ">>="
    UnsignedRight ">>>"
    RangeExclusive "..<"
    Ellipsis "..."
    PowerAssign "**="
    SpreadDot "*."
    SpreadMap "*:"
    MethodPointer ".&"
    SafeDot "?."
    Elvis "?:"
    Range ".."
    Equal "=="
    NotEqual "!="
    LessEqual "<="
    GreaterEqual ">="
    And "&&"
    Or "||"
    Increment "++"
    Decrement "--"
    PlusAssign "+="
    MinusAssign "-="
    StarAssign "*="
    SlashAssign "/="
    PercentAssign "%="
    AndAssign "&="
    OrAssign "|="
    XorAssign "^="
    Left "<<"
    Right ">>"
    Power "**"
    FindRegex "=~"
    Arrow "->"
    LeftParen "("
    RightParen ")"
    LeftBracket "["
    RightBracket "]"
    LeftBrace "{"
    RightBrace "}"
    Comma ","
    Colon ":"
    Dot "."
    At "@"
    Question "?"
    Assign "="
    Less "<"
    Greater ">"
    Not "!"
    Tilde "~"
    Plus "+"
    Minus "-"
    Star "*"
    Slash "/"
    Percent "%"
    BitAnd "&"
    BitOr "|"
    BitXor "^"
}
