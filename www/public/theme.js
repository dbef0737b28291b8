// Before the first paint, so that a chosen theme does not flash the other one.
try {
  const theme = localStorage.getItem('rejoin-demo/theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden here; the system's theme is used.
}
