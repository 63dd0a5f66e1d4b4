const CHARACTERS = /^[A-Za-z0-9+/]*={0,2}$/

/** RFC 4648, 4: padded and without line breaks. `Buffer.from` skips whatever is not base64. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && CHARACTERS.test(text)
}
