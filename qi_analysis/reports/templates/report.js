// Lets a reader take a chart away as a picture, with its title, source and day in it. Without it,
// all is there but the buttons.
(() => {
  "use strict";
  const SCALE = 2, EDGE = 16, LINE = 22; // of the picture: how much larger than on the page; pixels

  function wrap(pen, text, width) {
    const lines = [""];
    for (const word of text.split(/\s+/)) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (lines.at(-1) && pen.measureText(longer).width > width) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  function draw(image, { title, source }) {
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const texts = [["bold 18px", title], ["16px", image.alt], ["13px", source]];
    const [above, said, below] = texts.map(([size, text]) => {
      pen.font = `${size} Arial, Helvetica, sans-serif`;
      return { font: pen.font, lines: wrap(pen, text, width) };
    });
    const top = EDGE + LINE * (above.lines.length + said.lines.length) + 6;
    canvas.width = SCALE * (width + 2 * EDGE);
    canvas.height = SCALE * (top + height + LINE * below.lines.length + EDGE);
    pen.scale(SCALE, SCALE);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, EDGE, top, width, height);
    pen.fillStyle = "#212b32";
    let y = EDGE;
    for (const { font, lines } of [above, said, below]) {
      if (lines === below.lines) y = top + height;
      pen.font = font;
      for (const line of lines) pen.fillText(line, EDGE, (y += LINE) - 5);
    }
    return canvas;
  }

  for (const figure of document.querySelectorAll("figure[data-name]")) {
    const button = document.createElement("button"), unseen = document.createElement("span");
    button.type = "button";
    button.className = "save";
    unseen.className = "unseen";
    unseen.textContent = `: ${figure.dataset.title}`;
    button.append("Save this chart as a picture", unseen);
    button.addEventListener("click", () =>
      draw(figure.querySelector("img"), figure.dataset).toBlob((picture) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(picture);
        link.download = figure.dataset.name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      }),
    );
    figure.querySelector("img").after(button);
  }
})();
