use super::*;
use proptest::prelude::*;

/// `Kind:text` of each significant token, joined by blanks.
fn shown(text: &str, conforming: bool) -> String {
    let mut lexer = Lexer::new(text.as_bytes(), conforming);
    let mut out = Vec::new();
    while let Some(token) = lexer.next_significant() {
        let bytes = String::from_utf8_lossy(lexer.bytes(token)).into_owned();
        out.push(format!("{:?}:{bytes}", token.kind));
    }
    out.join(" ")
}

fn check(text: &str, expected: &str) {
    assert_eq!(shown(text, true), expected, "{text:?}");
}

#[test]
fn strings() {
    check("'a'", "String:'a'");
    check("'it''s'", "String:'it''s'");
    check(r"'a\'", r"String:'a\'");
    check(r"'a\' b", r"String:'a\' Word:b");
    check(r"E'a\' b'", r"StringEscape:E'a\' b'");
    check(r"e'a\\' b", r"StringEscape:e'a\\' Word:b");
    check("E'a''b'", "StringEscape:E'a''b'");
    check(
        r"U&'\0061' UESCAPE '!'",
        r"StringUnicode:U&'\0061' Word:UESCAPE String:'!'",
    );
    check(
        "b'01' X'1F' n'x'",
        "StringBits:b'01' StringBits:X'1F' String:n'x'",
    );
    // Bit strings were once taken to go on after a doubled quote.
    check("b'0''1'", "StringBits:b'0' String:'1'");
    check("date'2020-01-01'", "Word:date String:'2020-01-01'");
    check("u & 'x'", "Word:u Operator:& String:'x'");
    check("ue'x'", "Word:ue String:'x'");
    check("'abc", "Unterminated:'abc");
    check(r"E'abc\'", r"Unterminated:E'abc\'");
}

#[test]
fn strings_continue_over_a_line_end() {
    check("'a'\n'b'", "String:'a'\n'b'");
    check("'a' 'b'", "String:'a' String:'b'");
    check("'a' -- c\n'b'", "String:'a' -- c\n'b'");
    check("'a'\n-- c\n  'b' ", "String:'a'\n-- c\n  'b'");
    check("'a'\n/* c */'b'", "String:'a' String:'b'");
    check("'a'\n--'b'", "String:'a'");
    check("E'a'\n'\\'b'", "StringEscape:E'a'\n'\\'b'");
    check("'a'\r'b", "Unterminated:'a'\r'b");
    check("$$a$$\n'b'", "StringDollar:$$a$$ String:'b'");
}

#[test]
fn backslashes_count_while_strings_do_not_conform() {
    assert_eq!(shown(r"'a\' b'", false), r"StringEscape:'a\' b'");
    assert_eq!(shown(r"n'a\' b'", false), r"StringEscape:n'a\' b'");
    assert_eq!(shown(r"$$\$$ x", false), r"StringDollar:$$\$$ Word:x");
    assert_eq!(shown(r"B'\' x", false), r"StringBits:B'\' Word:x");
}

#[test]
fn dollar_quotes() {
    check("$$a'b$$", "StringDollar:$$a'b$$");
    check("$t$ $$ $x$ $t$ z", "StringDollar:$t$ $$ $x$ $t$ Word:z");
    check("$b$a$b$", "StringDollar:$b$a$b$");
    check("$a$x$b$a$", "StringDollar:$a$x$b$a$");
    check("$é$x$é$", "StringDollar:$é$x$é$");
    check("a$$b$$", "Word:a$$b$$");
    check("$1", "Param:$1");
    check("$12+1", "Param:$12 Operator:+ Number:1");
    check("$1$$x$$", "Param:$1 StringDollar:$$x$$");
    check("$1a$x$1a$", "Param:$1 Word:a$x$1a$");
    check("$a b", "Other:$ Word:a Word:b");
    check("$$abc", "Unterminated:$$abc");
    check("$a$abc$A$", "Unterminated:$a$abc$A$");
}

#[test]
fn comments() {
    check("a -- b\nc", "Word:a Word:c");
    check("a --b", "Word:a");
    check("a/*b*/c", "Word:a Word:c");
    check("/* a /* b */ c */ d", "Word:d");
    check("/***/d", "Word:d");
    check("/*/**/*/d", "Word:d");
    check("/*/ x */d", "Word:d");
    check("/* a /* b */ c", "Unterminated:/* a /* b */ c");
    check("-- a\rb", "Word:b");
    check("'--' /* ' */ x", "String:'--' Word:x");
}

#[test]
fn identifiers() {
    check("a_1$b Ünï", "Word:a_1$b Word:Ünï");
    check(r#""a""b" "c d""#, r#"Quoted:"a""b" Quoted:"c d""#);
    check(r#"U&"d\0061t""#, r#"QuotedUnicode:U&"d\0061t""#);
    check(r#""abc"#, r#"Unterminated:"abc"#);
    check("t.a", "Word:t Dot:. Word:a");
    check("u&x", "Word:u Operator:& Word:x");
}

#[test]
fn numbers() {
    for number in [
        "1",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1.5e-3",
        "1.e+5",
        "1_000",
        "0x1F",
        "0X_ff",
        "0b11",
        "0o17",
        "1_0.0_1e1_0",
    ] {
        check(number, &format!("Number:{number}"));
    }
    check("1..2", "Number:1 DotDot:.. Number:2");
    check("1 .. 2", "Number:1 DotDot:.. Number:2");
    check("1.2.3", "Number:1.2 Number:.3");
    check("1and 2", "Number:1 Word:and Number:2");
    check("1_and", "Number:1 Word:_and");
    check("1e", "Number:1 Word:e");
    check("1efor", "Number:1 Word:efor");
    check("0xg", "Number:0 Word:xg");
    check("1__0", "Number:1 Word:__0");
    check("10for update", "Number:10 Word:for Word:update");
    check("-1", "Operator:- Number:1");
}

#[test]
fn operators() {
    check("a||b", "Word:a Operator:|| Word:b");
    check("a*-1", "Word:a Operator:* Operator:- Number:1");
    check("a@-1", "Word:a Operator:@- Number:1");
    check("a=-1", "Word:a Operator:= Operator:- Number:1");
    check("a<=--c\nb", "Word:a Operator:<= Word:b");
    check("a+/*c*/b", "Word:a Operator:+ Word:b");
    check("a@/*c*/b", "Word:a Operator:@ Word:b");
    check("a-/*c*/b", "Word:a Operator:- Word:b");
    check("a::int", "Word:a Typecast::: Word:int");
    check(
        "a:=1 b=>2",
        "Word:a Operator::= Number:1 Word:b Operator:=> Number:2",
    );
    check(
        "a[1:2]",
        "Word:a OpenBracket:[ Number:1 Colon:: Number:2 CloseBracket:]",
    );
    check(
        "j->>'a' #>> '{b}'",
        "Word:j Operator:->> String:'a' Operator:#>> String:'{b}'",
    );
    check("a ? 'b'", "Word:a Operator:? String:'b'");
    check("*/x", "Operator:*/ Word:x");
    check("a{b\\", "Word:a Other:{ Word:b Other:\\");
}

/// Pieces that make odd texts likely.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "'",
        "''",
        "\"",
        "$",
        "$$",
        "$a$",
        "--",
        "/*",
        "*/",
        "\n",
        "\r",
        " ",
        "\\",
        "E'",
        "U&'",
        "U&\"",
        "b'",
        "n'",
        ";",
        "(",
        ")",
        "0x",
        "1_",
        "1",
        ".",
        "e",
        "+",
        "-",
        "@",
        "=",
        ":",
        "::",
        "select",
        "for update",
        "é",
        "\u{0}",
        "[",
        "]",
        ",",
        "{",
        "$1",
        "x",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|s| s.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|b| vec![b]),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|v| v.concat())
}

proptest! {
    #[test]
    fn skipped_words_are_words_and_single_blanks(text in texts(), conforming in any::<bool>()) {
        let mut tokens = Lexer::new(&text, conforming);
        let mut skipping = tokens;
        loop {
            let start = skipping.at;
            prop_assert_eq!(skipping.skip_words(), start < skipping.at);
            while tokens.at < skipping.at {
                let token = tokens.next_token().unwrap();
                prop_assert!(token.kind == Kind::Word || tokens.bytes(token) == b" ");
            }
            let next = skipping.next_token();
            prop_assert_eq!(tokens.next_token(), next);
            if next.is_none() {
                break;
            }
        }
    }

    #[test]
    fn tokens_cover_the_text(text in texts(), conforming in any::<bool>()) {
        let mut lexer = Lexer::new(&text, conforming);
        let mut at = 0;
        while let Some(token) = lexer.next_token() {
            prop_assert_eq!(token.start, at);
            prop_assert!(token.start < token.end);
            at = token.end;
        }
        prop_assert_eq!(at, text.len());
    }

    /// A text cut off between two tokens has the tokens before the cut, and no others.
    #[test]
    fn tokens_do_not_depend_on_what_follows_blanks(text in texts(), tail in texts()) {
        let mut longer = text.clone();
        // The line end is the end of a comment too, over which a string might go on.
        longer.extend_from_slice(b"\n; ");
        longer.extend_from_slice(&tail);
        let (mut short, mut long) = (Lexer::new(&text, true), Lexer::new(&longer, true));
        while let Some(token) = short.next_token() {
            if token.kind == Kind::Unterminated {
                break;
            }
            let other = long.next_token().unwrap();
            if token.end == text.len() && other.start == token.start {
                // A comment or a run of blanks may go on into the tail.
                break;
            }
            prop_assert_eq!(token, other);
        }
    }
}
