/** Ends the renderer of a page as a crash does: no event of the page is heard any more. */
export async function crash(page) {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  // It is never answered.
  session.send('Page.crash').catch(() => {});
  await crashed;
}
