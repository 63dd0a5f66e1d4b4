/**
 * Splits a text into JSON documents. The text can be one object, JSON lines, or an array. Each document has the number of the line
 * at which it starts. Pure.
 */

/** JSON document in a text. */
export interface Document {
  /** Line number, counted from 1. */
  readonly line: number
  readonly text: string
}

/**
 * Splits a text into its documents. Only brackets and strings are evaluated, so a document may be invalid JSON. If the text is an
 * array, its elements are separate documents.
 */
export function documentsIn(text: string): Document[] {
  const bounds = new Splitter(text).split()
  return bounds.map(({ start, end, line }) => ({ line, text: text.slice(start, end) }))
}

interface Bounds {
  readonly start: number
  readonly end: number
  readonly line: number
}

class Splitter {
  readonly #text: string
  readonly #found: Bounds[] = []
  #at = 0
  #line = 1
  /** True if the text is an array, whose elements are separated by commas. */
  #isArray = false

  constructor(text: string) {
    this.#text = text
  }

  split(): readonly Bounds[] {
    this.#skipBetween()
    this.#isArray = this.#text[this.#at] === '['
    if (this.#isArray) this.#step()
    this.#skipBetween()
    while (this.#at < this.#text.length && !this.#isAtEndOfArray()) {
      const [start, line] = [this.#at, this.#line]
      this.#toEndOfDocument()
      this.#found.push({ start, end: this.#at, line })
      this.#skipBetween()
    }
    if (this.#isArray) this.#endArray()
    return this.#found
  }

  #isAtEndOfArray(): boolean {
    return this.#isArray && this.#text[this.#at] === ']'
  }

  /**
   * Checks the end of the array. If the end is missing or followed by text, the rest is added as an invalid document, so that the
   * error is reported later.
   */
  #endArray(): void {
    const rest = this.#text.slice(this.#at).trimEnd()
    if (rest !== ']') this.#found.push({ start: this.#at, end: this.#text.length, line: this.#line })
  }

  #skipBetween(): void {
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at] as string
      if (!/\s/.test(sign) && sign !== '\uFEFF' && !(this.#isArray && sign === ',')) return
      this.#step()
    }
  }

  /**
   * Moves to the end of a document, where all of its brackets are closed. A document without brackets ends at the end of its line.
   */
  #toEndOfDocument(): void {
    let depth = 0
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at]
      if (depth === 0 && (sign === '\n' || (this.#isArray && (sign === ',' || sign === ']')))) return
      if (sign === '"') this.#skipString()
      else this.#step()
      if (sign === '{' || sign === '[') depth += 1
      else if (sign === '}' || sign === ']') {
        depth -= 1
        if (depth <= 0) return
      }
    }
  }

  #skipString(): void {
    this.#step()
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      if (this.#text[this.#at] === '\\') this.#step()
      this.#step()
    }
    this.#step()
  }

  #step(): void {
    if (this.#text[this.#at] === '\n') this.#line += 1
    this.#at += 1
  }
}
