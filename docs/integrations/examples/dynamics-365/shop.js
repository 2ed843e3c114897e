// The site's own part: a field for the number of an invitation, for who was told it and has no link.

const said = document.getElementById('said');
window.addEventListener('cobrowse-invitation', ({ detail }) => {
  said.textContent = detail.error ? detail.error.message.replace('cobrowse: ', '') : '';
});
document.getElementById('help').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await window.Cobrowse.start({ relay: location.origin, invitation: document.getElementById('number').value, mask: '.address' });
    said.textContent = '';
  } catch (error) {
    said.textContent = error.message.replace('cobrowse: ', '');
  }
});
