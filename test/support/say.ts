export type Say = (line: string) => void

/** Returns a function that prints lines with the seconds since this call as a prefix. */
export function sayWithSeconds(): Say {
  const beganAtMs = Date.now()
  return line => console.log(`${String(Math.round((Date.now() - beganAtMs) / 1000)).padStart(5)} s  ${line}`)
}
