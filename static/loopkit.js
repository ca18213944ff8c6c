// Copy buttons. Pages work without this file: the buttons are hidden until it runs.
"use strict";

const announcer = document.querySelector("[data-copy-status]");

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value); // only on https and localhost
      say(button, "Copied");
    } catch {
      say(button, document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
    }
  });
}

function say(button, text) {
  const label = button.firstChild;
  label.textContent = text;
  announcer.textContent = text;
  setTimeout(() => { label.textContent = "Copy"; announcer.textContent = ""; }, 2000);
}
