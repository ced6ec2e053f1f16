const place = document.getElementById('page');
if (place !== null) place.textContent = 'layerwise';
