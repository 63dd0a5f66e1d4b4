/** Returns the words that a text of Markdown shows as code, without code that has spaces. */
export function listCodeWords(text: string): string[] {
  return [...text.matchAll(/`([\w.:-]+)`/g)].map(([, word = '']) => word)
}
