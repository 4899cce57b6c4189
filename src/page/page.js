// Keeps the page live: fetches it anew and changes only what has changed, so that the keyboard's
// focus, the cycle that is looked at and what was unfolded stay. Without it the page is correct as it was sent.
(() => {
  const EVERY = 20000;
  const PATIENCE = 15000;
  const stale = document.getElementById("stale");
  let timer = 0;

  const sameKind = (a, b) => a && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  const syncAttributes = (to, from) => {
    for (const {name} of [...to.attributes])
      if (!from.hasAttribute(name) && name !== "open") to.removeAttribute(name);
    for (const {name, value} of from.attributes)
      if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  };

  const sync = (to, from) => {
    if (to.nodeType !== Node.ELEMENT_NODE) {
      if (to.nodeValue !== from.nodeValue) to.nodeValue = from.nodeValue;
      return;
    }
    syncAttributes(to, from);
    const ids = new Set([...from.children].map((c) => c.id).filter(Boolean));
    for (const child of [...to.children]) {
      if (!child.id || ids.has(child.id)) continue;
      const between = child.nextSibling;
      child.remove();
      if (between && between.nodeType === Node.TEXT_NODE) between.remove();
    }
    for (let i = 0; i < from.childNodes.length; i++) {
      const wanted = from.childNodes[i];
      const there = to.childNodes[i];
      if (sameKind(there, wanted)) sync(there, wanted);
      else to.insertBefore(document.importNode(wanted, true), there || null);
    }
    while (to.childNodes.length > from.childNodes.length) to.lastChild.remove();
  };

  const ask = () => fetch(location.pathname, {cache: "no-store", credentials: "same-origin",
    signal: AbortSignal.timeout(PATIENCE)}).catch(() => {
    throw new Error("the program does not answer.");
  });

  // What the program says in a line of text; a proxy in between has only its number.
  const reason = async (answer) => {
    const plain = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
    const words = plain ? (await answer.text()).trim() : "";
    return words ? words + "." : "the answer was HTTP status " + answer.status + ".";
  };

  const complain = (why) => {
    const asOf = document.getElementById("as-of");
    const text = (asOf ? "Not renewed since " + asOf.textContent : "Not renewed") + ": " + why;
    if (stale.textContent !== text) stale.textContent = text;
    stale.hidden = false;
  };

  const refresh = async () => {
    try {
      const answer = await ask();
      if (!answer.ok) throw new Error(await reason(answer));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["top", "main", "foot"])
        sync(document.getElementById(id), fresh.getElementById(id));
      document.title = fresh.title;
      stale.hidden = true;
    } catch (error) {
      complain(error.message);
    }
  };

  const loop = async () => {
    clearTimeout(timer);
    if (!document.hidden) await refresh();
    clearTimeout(timer);
    timer = setTimeout(loop, EVERY);
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) loop(); });
  timer = setTimeout(loop, EVERY);
})();
