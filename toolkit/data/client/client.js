'use strict';
const root = document.documentElement;
const find = (name) => document.getElementById(name);
const cards = [...document.querySelectorAll('.card')];
const isCut = (card) => {
  const look = card.querySelector('.look');
  return look.scrollHeight > look.clientHeight;
};
const scaleTo = (scale) => root.style.setProperty('--scale', String(scale));
const markCut = () => {
  for (const card of cards) card.classList.remove('cut');
  const cut = cards.filter(isCut);
  for (const card of cut) card.classList.add('cut');
  return cut.length;
};
/* Draws the drafts as large as they fit, and marks those that do not fit at the smallest size. */
const fit = (scales) => {
  for (const scale of scales) {
    scaleTo(scale);
    if (!markCut()) break;
  }
};
/* Leaves the drafts what the window has: under them stand their figures and the way to answer. */
const fitScreen = () => {
  const least = 200;
  const other = (name) => Math.max(0, ...[...document.querySelectorAll(name)].map((one) => one.offsetHeight));
  const above = document.querySelector('.cards').getBoundingClientRect().top + scrollY;
  const below = other('.card h3') + other('.figures') + other('.approvals') + other('.others') + other('.answer') + 44;
  root.style.setProperty('--look', `${Math.max(least, innerHeight - above - below)}px`);
  fit([1, 0.92, 0.84, 0.78]);
};
const fitPaper = () => {
  fit([0.86, 0.8, 0.74, 0.68, 0.62]);
  const details = [...document.querySelectorAll('.whole details')];
  details.forEach((one, place) => {
    const needed = cards[place] !== undefined && cards[place].classList.contains('cut');
    one.classList.toggle('needed', needed);
    if (needed) one.open = true;
  });
  root.classList.toggle('appendix', document.querySelector('.needed') !== null);
};
if (root.classList.contains('paper')) {
  fitPaper();
} else {
  fitScreen();
  addEventListener('resize', fitScreen);
  addEventListener('load', fitScreen);
  addEventListener('beforeprint', () => { root.classList.add('paper'); fitPaper(); });
  addEventListener('afterprint', () => { root.classList.remove('paper', 'appendix'); fitScreen(); });
}
for (const link of document.querySelectorAll('.more a')) {
  link.addEventListener('click', () => { document.querySelector(link.getAttribute('href')).open = true; });
}

const about = find('about').dataset;
let kind = 'approve';
const compose = () => {
  const chosen = find('which').selectedOptions[0];
  const note = find('note').value.trim();
  const name = find('name').value.trim();
  const said = kind === 'approve'
    ? `I approve draft "${chosen.value}" of "${about.campaign}".`
    : `Please change draft "${chosen.value}" of "${about.campaign}".`;
  const lines = [said];
  if (note) lines.push('', note);
  lines.push('', `Name: ${name}`, `Answer: ${kind} / words ${chosen.dataset.words} / run ${about.run}`);
  const text = lines.join('\n');
  find('text').value = text;
  const subject = encodeURIComponent(`${about.campaign}: ${kind === 'approve' ? 'approved' : 'changes asked'}`);
  find('mail').href = `mailto:${encodeURIComponent(about.to).replace('%40', '@')}?subject=${subject}&body=${encodeURIComponent(text.replaceAll('\n', '\r\n'))}`;
  find('done').textContent = '';
};
const open = (what) => (event) => {
  event.preventDefault();
  kind = what;
  find('writing-title').textContent = what === 'approve' ? 'Approve a draft' : 'Ask for changes';
  find('writing').querySelector('label[for=note]').textContent = what === 'approve' ? 'A note (optional)' : 'What should change';
  compose();
  find('writing').showModal();
};
find('approve').addEventListener('click', open('approve'));
find('change').addEventListener('click', open('change'));
for (const name of ['which', 'note', 'name']) find(name).addEventListener('input', compose);
find('close').addEventListener('click', () => find('writing').close());
find('copy').addEventListener('click', async () => {
  const field = find('text');
  field.select();
  let copied = false;
  try {
    await navigator.clipboard.writeText(field.value);
    copied = true;
  } catch {
    copied = document.execCommand('copy');
  }
  find('done').textContent = copied ? 'Copied. Paste it into your mail.' : 'Select the text and copy it.';
});
