"use strict";

const find = document.getElementById("find");
find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const item of document.querySelectorAll(".side li")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
});

// The page is served by the gateway itself, so its address is the one to call.
for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll("https://GATEWAY", location.origin);
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}
