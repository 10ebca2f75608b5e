use super::*;

#[test]
fn html_begins_with_a_tag() {
    for body in [
        "<html><p>",
        " \r\n<!DOCTYPE HTML>",
        "<Body bgcolor=red>",
        "\u{feff}<html>",
        "\u{feff}\r\n <p>Hello",
        "\t<p>Hello",
        "<TABLE border=0>",
        "<table>",
        "<h1 style='color:red'>",
        "<h6>x",
        "<br>",
        "<br/>",
        "<br />",
        "<hr >",
        "<center>",
        "<style>",
        "<style type=\"text/css\">",
        "<a href=\"https://a.example/\">",
        "<a\r\nhref=x>",
        "<div>",
        "<span>",
        "<meta charset=utf-8>",
        "<head>",
        "<body>",
        "<!-- a -->",
        "<font color=red",
        "<img src=x>",
        "<ul>",
        "<b>a</b>",
        "<blockquote>",
        "<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\">",
    ] {
        assert!(begins_as_html(body.as_bytes()), "{body}");
    }
    for body in [
        "<bodyguard>",
        "see <html>",
        "<",
        "",
        "\u{feff}",
        "\u{feff}Hello",
        "<http://a.example/>",
        "<a@b.example> wrote:",
        "<b.c@d.example>",
        "<p",
        "<i think so>",
        "<I mean it",
        "<a, b>",
        "<grin>",
        "< p>",
        "<!doctype xml>",
        "<vector<int>>",
        "a < b",
        "<1234@host>",
        "<?xml version=\"1.0\"?><order>1</order>",
    ] {
        assert!(!begins_as_html(body.as_bytes()), "{body}");
    }
}

#[test]
fn the_table_is_in_order() {
    assert!(ELEMENTS.is_sorted() && ELEMENTS.iter().all(|element| element.len() <= MAX_ELEMENT_OCTETS));
}
