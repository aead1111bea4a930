// Lets a reader sort the table by its headings, and find a row by its name. Without it, all is there.
(() => {
  "use strict";
  const table = document.querySelector("#table");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], said = document.querySelector("#said");
  const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.key);
  const value = (row, key) => (row.dataset[key] ? Number(row.dataset[key]) : NaN);

  function compare(a, b, key, way) {
    const [x, y] = [value(a, key), value(b, key)];
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1; // what has no value comes last
    return way * (x - y) || value(a, "name") - value(b, "name");
  }

  function sort(head) {
    const key = head.dataset.key, before = head.getAttribute("aria-sort");
    const up = before ? before === "descending" : key === "name";
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...rows.sort((a, b) => compare(a, b, key, up ? 1 : -1)));
    const order = key === "name" ? ["A to Z", "Z to A"] : ["lowest first", "highest first"];
    said.textContent = `Sorted by ${head.textContent.trim()}, ${order[up ? 0 : 1]}.`;
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  heads[0].setAttribute("aria-sort", "ascending");
  table.classList.add("sorts");

  const find = document.querySelector("#find"), search = document.querySelector("#search");
  if (!find) return;
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const names = new Map(rows.map((row) => [row, plain(row.cells[0].querySelector("bdi").textContent)]));
  search.addEventListener("input", () => {
    const wanted = plain(search.value.trim());
    for (const row of rows) row.hidden = !names.get(row).includes(wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    said.textContent = `${shown} of ${rows.length} directorates shown.`;
    said.classList.remove("unseen");
  });
  find.hidden = false;
})();
