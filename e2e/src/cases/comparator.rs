//! The comparison put to the test: one page in both browsers, the agent's made what an ideal agent would show; then one
//! seeded difference at a time, which must be found at its place, or must be allowed.

use crate::{
    browser::Browser,
    comparison::{self, Difference, Options, Side},
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;

const LIVE: &str = include_str!("../../js/live.js");
const INERT: &str = include_str!("../../js/inert.js");

/// What the comparison must say.
#[derive(Debug)]
enum Expected {
    /// Nothing.
    Equal,
    /// A difference whose message contains these.
    Found(&'static [&'static str]),
}

/// A change of the agent's page; `$` is `document.getElementById`.
#[derive(Debug)]
pub(crate) struct Seed {
    /// What it shows.
    pub(crate) name: &'static str,
    script: &'static str,
    expected: Expected,
}

const fn finds(name: &'static str, script: &'static str, parts: &'static [&'static str]) -> Seed {
    Seed { name, script, expected: Expected::Found(parts) }
}

const fn allows(name: &'static str, script: &'static str) -> Seed {
    Seed { name, script, expected: Expected::Equal }
}

/// Runs one seed.
pub(crate) async fn run(bench: &Workbench, seed: &Seed) -> Result<()> {
    let page = bench.page("/pages/comparator.html");
    let load = async |browser: &Browser| {
        browser.goto(&page).await?;
        browser.run(LIVE, vec![]).await
    };
    tokio::try_join!(load(&bench.customer), load(&bench.agent))?;
    bench.agent.run(INERT, vec![]).await?;
    let script = format!("const $ = (id) => document.getElementById(id); {}", seed.script);
    bench.agent.run(&script, vec![]).await.context("the seed")?;

    let side = |browser| Side { browser, document: "document" };
    // Nothing is on its way here, so nothing has to settle but the sheet that the page links.
    let settle = Duration::from_millis(if matches!(seed.expected, Expected::Equal) { 5_000 } else { 150 });
    let options = Options { masked: vec!["#toggled".to_owned()], boxes: true, settle, documents_only: false };
    let result = comparison::compare(side(&bench.customer), side(&bench.agent), &options).await;
    match (&seed.expected, result) {
        (Expected::Equal, result) => result.map(drop),
        (Expected::Found(parts), Err(error)) => {
            let Some(difference) = error.downcast_ref::<Difference>() else { return Err(error) };
            for part in *parts {
                ensure!(difference.message.contains(part), "{part:?} is not in: {}", difference.message);
            }
            Ok(())
        }
        (Expected::Found(parts), Ok(_)) => bail!("not found: {}", parts.join(" ")),
    }
}

/// Every seed.
#[rustfmt::skip]
pub(crate) static SEEDS: &[Seed] = &[
    allows("equal", ""),
    // Structure.
    finds("text", "$('bold').firstChild.data = 'bolt'", &["> b > #text: text: customer \"bold\" agent \"bolt\""]),
    finds("text-in-long-document", "for (let i = 0; i < 3000; i++) $('spare').append(document.createElement('i')); $('bold').firstChild.data = 'x'", &["h1:nth-child(1) > b > #text: text"]),
    finds("text-split", "$('text').firstChild.splitText(4)", &["p:nth-child(2) > #text[1]: text: customer \"some text\" agent \"some\""]),
    finds("text-merged", "$('spare').normalize()", &["> #text[1]: text: customer \"left\" agent \"leftright\" at"]),
    finds("text-empty-missing", "$('spare').childNodes[1].remove()", &["text"]),
    finds("text-blank", "$('text').firstChild.data = 'some\\u00a0text'", &["text: customer \"some text\""]),
    finds("comment", "document.body.childNodes[1].data = ' another '", &["body > #comment: comment"]),
    finds("instruction", "document.documentElement.previousSibling.data = 'else'", &["#instruction: instruction"]),
    finds("element-missing", "$('bold').remove()", &["customer has element \"html:b\""]),
    finds("element-added", "$('spare').append(document.createElement('u'))", &["element \"html:u\""]),
    finds("element-at-end", "document.body.append(document.createElement('u'))", &["only the agent has element \"html:u\""]),
    finds("element-after-html-missing", "document.body.lastElementChild.remove(); document.body.lastChild.remove()", &["customer has element \"html:div\""]),
    finds("element-renamed", "const b = document.createElement('strong'); b.id = 'bold'; b.append('bold'); $('bold').replaceWith(b)", &["customer \"html:b\" agent \"html:strong\""]),
    finds("element-moved", "$('title').append($('bold'))", &["customer has element \"html:b\"; agent has text \" tail\""]),
    finds("element-deeper", "$('bold').append($('bold').nextSibling)", &["customer has text \" tail\"; agent has text \" tail\" at html > body > h1:nth-child(1) > b > #text[2]"]),
    finds("element-order", "$('multiple').append($('multiple').firstChild)", &["select:nth-child(9): selected index: customer 0 agent 1"]),
    finds("namespace", "const m = document.createElement('math'); m.id = 'math'; m.append(...$('math').childNodes); $('math').replaceWith(m)", &["customer \"mathml:math\" agent \"html:math\""]),
    finds("prefix", "$('spare').lastChild.replaceWith(document.createElementNS('urn:example', 'element'))", &["customer \"urn:example:element\" with prefix \"ex\""]),
    finds("case-of-name", "const g = document.createElementNS('http://www.w3.org/2000/svg', 'lineargradient'); g.id = 'gradient'; $('gradient').replaceWith(g)", &["customer \"svg:linearGradient\" agent \"svg:lineargradient\""]),
    finds("mode", "document.open(); document.write('<p>'); document.close()", &["document: mode: customer CSS1Compat agent BackCompat"]),
    finds("doctype-missing", "document.doctype.remove()", &["customer has doctype"]),
    finds("doctype-ids", "document.doctype.replaceWith(document.implementation.createDocumentType('html', '', ''))", &["#doctype: doctype: customer \"html\" \"-//W3C//DTD XHTML 1.0 Transitional//EN\""]),
    finds("template-content", "$('template').content.firstChild.firstChild.data = 'else'", &["template:nth-child(17) > #content > p:nth-child(1) > #text", "\"else\""]),
    finds("template-nested", "$('template').content.lastChild.content.firstChild.append('x')", &["template:nth-child(2) > #content > i"]),
    finds("template-children", "$('template').append('x')", &["text"]),
    finds("shadow-text", "$('host').shadowRoot.querySelector('p').append('!')", &["#shadow-root > p:nth-child(2)"]),
    finds("shadow-missing", "const h = $('host').cloneNode(true); $('host').replaceWith(h)", &["customer has shadow root"]),
    finds("shadow-mode", "const h = $('host').cloneNode(true); h.attachShadow({ mode: 'open', delegatesFocus: true }); $('host').replaceWith(h)", &["shadow root: customer open delegatesFocus=false"]),
    // Attributes.
    finds("attribute-value", "$('title').title = 'another'", &["h1:nth-child(1): @title: customer \"a title\" agent \"another\""]),
    finds("attribute-missing", "$('title').removeAttribute('data-b')", &["customer has @data-b \"2\""]),
    finds("attribute-added", "$('title').setAttribute('data-c', '')", &["@data-c"]),
    finds("attribute-namespace", "$('spare').removeAttribute('ex:own'); $('spare').setAttribute('ex:own', 'value')", &["customer has @id \"spare\"; agent has @ex:own"]),
    finds("attribute-case", "$('svg').removeAttribute('viewBox'); $('svg').setAttributeNS(null, 'viewbox', '0 0 10 10')", &["@viewBox"]),
    finds("class", "document.body.className = 'two one'", &["body: @class"]),
    finds("style-attribute", "$('styled').style.color = 'green'", &["@style"]),
    finds("link", "$('anchor').href = 'page.html?q=2#part'", &["a:nth-child(5): @href"]),
    finds("image-source", "$('image').srcset = 'dot.png 1x, other.png 2x'", &["@srcset"]),
    finds("use-resolved", "$('use').setAttribute('xlink:href', location.href + '#gradient')", &["@"]),
    finds("link-missing", "$('anchor').removeAttribute('href')", &["@href"]),
    finds("meta-content", "document.querySelector('meta[name]').content = 'x'", &["@content"]),
    finds("name-in-clobbered-form", "document.forms[0].querySelector('input').setAttribute('value', 'x')", &["form:nth-child(10) > input:nth-child(1): @value"]),
    // State that is in no attribute.
    finds("value", "$('field').value = 'types'", &["input:nth-child(3): value: customer \"typed\" agent \"types\""]),
    finds("textarea", "$('area').value = 'area'", &["textarea:nth-child(7): value"]),
    finds("checked", "$('check').checked = true", &["checked: customer false agent true"]),
    finds("indeterminate", "$('check').indeterminate = false", &["indeterminate: customer true agent false"]),
    finds("radio", "$('radio-b').checked = true", &["input:nth-child(5): checked: customer true agent false"]),
    finds("selected-index", "$('select').selectedIndex = 2", &["select:nth-child(8): selected index: customer 1 agent 2"]),
    finds("selected-options", "$('multiple').options[2].selected = false", &["selected options: customer 0 2 agent 0"]),
    finds("details-open", "$('details').open = true", &["@open"]),
    finds("dialog-open", "$('dialog').show()", &["@open"]),
    finds("scroll-of-element", "$('scroller').scrollTo(20, 60)", &["> div:nth-child(19): scroll: customer 20, 30 agent 20, 60"]),
    finds("scroll-lost", "$('scroller').scrollTo(0, 0)", &["scroll: customer 20, 30 agent 0, 0"]),
    finds("scroll-of-window", "window.scrollTo(0, 80)", &["document: window scroll: customer 0, 40 agent 0, 80"]),
    // Style sheets.
    finds("rule-value", "$('sheet').sheet.cssRules[1].style.color = 'green'", &["document styleSheets[1] > rule[1]: rule"]),
    finds("rule-missing", "$('sheet').sheet.deleteRule(0)", &["rule[0]"]),
    finds("rule-added", "$('sheet').sheet.insertRule('b { color: red }', $('sheet').sheet.cssRules.length)", &["\"b { color: red; }\""]),
    finds("rule-nested", "$('sheet').sheet.cssRules[2].insertRule('b { color: red }', 0)", &["rule[2]: rule"]),
    finds("sheet-disabled", "$('sheet').sheet.disabled = true", &["sheet: customer owner=style disabled=false"]),
    finds("sheet-media", "$('sheet').sheet.media.mediaText = 'print'", &["media=\"print\""]),
    finds("sheet-missing", "$('link').sheet.ownerNode.sheet.disabled = false; $('link').setAttribute('rel', 'x'); $('link').setAttribute('rel', 'stylesheet'); $('sheet').sheet.deleteRule(0)", &["rule[0]"]),
    finds("sheet-linked", "$('link').sheet.insertRule('b { color: red }', 1)", &["document styleSheets[0]"]),
    finds("sheet-adopted", "document.adoptedStyleSheets = []", &["document adoptedStyleSheets[0]"]),
    finds("sheet-adopted-rule", "document.adoptedStyleSheets[0].cssRules[0].style.margin = '4px'", &["adoptedStyleSheets[0] > rule[0]"]),
    finds("sheet-in-shadow", "$('host').shadowRoot.querySelector('style').sheet.cssRules[0].style.color = 'red'", &["#shadow-root styleSheets[0] > rule[0]"]),
    // What only layout shows.
    finds("box", "$('text').animate({ paddingTop: ['30px', '30px'] }, { duration: 1, fill: 'forwards' }).finish()", &["box (x, y, width, height)"]),
    finds("blocked-size", "document.querySelector('#masked + section').animate({ height: ['50px', '50px'] }, { duration: 1, fill: 'forwards' }).finish()", &["size: customer 120, 30 agent 120, 50"]),
    finds("noscript-shown", "const real = Element.prototype.getClientRects; Element.prototype.getClientRects = function () { return this.id === 'noscript' ? [1] : real.call(this) }", &["noscript", "shown at the agent"]),
    // What must not reach the agent.
    finds("secret-in-password", "$('password').value = 'hunter2'", &["content in masked value: \"hunter2\""]),
    finds("secret-in-password-attribute", "$('password').setAttribute('value', 'default-secret')", &["content in masked @value"]),
    finds("secret-in-card", "$('card').value = '4000 5678'", &["content in masked value"]),
    finds("secret-after-toggle", "$('toggled').value = 'was a password'", &["content in masked value"]),
    finds("secret-in-text", "$('masked-text').firstChild.data = 'masked secret'", &["content in masked text"]),
    finds("secret-in-attribute", "$('masked').title = 'masked title'", &["content in masked @title"]),
    finds("secret-in-block", "document.querySelector('#masked + section').append('blocked secret')", &["children of a blocked element"]),
    finds("mask-of-other-length", "$('masked-text').firstChild.data = '••'", &["text: customer masked, 13 units agent masked, 2 units"]),
    finds("value-of-other-length", "$('password').value = '••'", &["value: customer masked, 7 units agent masked, 2 units"]),
    finds("event-handler", "$('handler').setAttribute('onclick', 'void 0')", &["agent has forbidden event handler \"onclick\""]),
    finds("javascript-url", "$('active').setAttribute('href', ' javascript:void(0)')", &["forbidden", "javascript: URL"]),
    finds("script-source", "$('script').setAttribute('src', 'x.js')", &["forbidden script source"]),
    finds("frame-source", "$('frame').setAttribute('srcdoc', 'x')", &["forbidden \"srcdoc\""]),
    finds("plugin-source", "$('object').setAttribute('data', 'x')", &["forbidden \"data\""]),
    finds("refresh", "document.querySelector('meta[content^=\"3600\"]').httpEquiv = 'refresh'", &["forbidden \"http-equiv\""]),
    finds("overlay", "document.documentElement.append(document.createElement('cobrowse-overlay'))", &["only the agent has element \"html:cobrowse-overlay\""]),
    // What design.md asks for.
    allows("allows-absolute-urls", "for (const id of ['anchor', 'image']) for (const name of ['href', 'src']) if ($(id).hasAttribute(name)) $(id).setAttribute(name, $(id)[name])"),
    allows("allows-absolute-srcset", "$('image').srcset = $('image').src + ' 1x,' + $('image').src.replace('dot', 'dots') + '  2x'"),
    allows("allows-absolute-css-urls", "const url = $('image').src; $('styled').setAttribute('style', `color: blue; background: url(\"${url}\")`); const rule = $('sheet').sheet.cssRules[1]; rule.style.background = `url(\"${url}\")`"),
    allows("allows-other-attribute-order", "const t = $('title'); const a = t.getAttribute('title'); t.removeAttribute('title'); t.setAttribute('title', a)"),
    allows("allows-blank-script-url", "$('active').setAttribute('href', '')"),
    allows("allows-script-text", "$('script').textContent = 'window.scripted = true'; $('script').removeAttribute('type')"),
    allows("allows-one-pixel-of-scroll", "$('scroller').scrollTo(20, 31)"),
    allows("allows-any-mask-character", "$('password').value = '*******'"),
    allows("allows-attributes-of-block", "document.querySelector('#masked + section').setAttribute('data-own', '')"),
];
