/**
 * Finds the position of a value in a rule file. The functions do not need positions: only the checks before a deployment
 * report lines, and they parse each file a second time for that.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Position } from './parse-rules.ts'

type Path = readonly (string | number)[]

/**
 * Returns a function that gives the position of a key or list element in a YAML document. A missing key has the position
 * of the mapping that should contain it.
 *
 * @throws YAMLException if the text is not YAML
 */
export function positionsIn(text: string): (path: Path) => Position {
  const offsets = new Offsets(text)
  return path => {
    let known = path
    while (known.length > 0 && !offsets.byPath.has(JSON.stringify(known))) known = known.slice(0, -1)
    return positionAt(text, Math.max(0, offsets.byPath.get(JSON.stringify(known)) ?? 0))
  }
}

/** Walks the parser's events of the first document once, and records where each path starts. */
class Offsets {
  readonly byPath = new Map<string, number>()
  readonly #text: string
  readonly #events: Iterator<Event>
  #next: Event | undefined

  constructor(text: string) {
    this.#text = text
    this.#events = parseEvents(text, {}).values()
    this.#advance()
    if (this.#next?.type === EVENT_ID.DOCUMENT) this.#advance()
    this.#node([])
  }

  #advance(): Event | undefined {
    const event = this.#next
    this.#next = this.#events.next().value
    return event
  }

  #node(path: Path): void {
    const event = this.#advance()
    if (event === undefined) return
    this.#note(path, this.#startOf(event))
    if (event.type === EVENT_ID.MAPPING) this.#pairs(path)
    if (event.type === EVENT_ID.SEQUENCE) this.#elements(path)
  }

  #pairs(path: Path): void {
    while (this.#isOpen()) {
      const key = this.#next
      const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : undefined
      // -1 matches no path: all keys of a rule are text.
      const below = [...path, name ?? -1]
      if (key) this.#note(below, this.#startOf(key))
      this.#node(below)
      this.#node(below)
    }
    this.#advance()
  }

  #elements(path: Path): void {
    for (let index = 0; this.#isOpen(); index++) this.#node([...path, index])
    this.#advance()
  }

  #isOpen(): boolean {
    return this.#next !== undefined && this.#next.type !== EVENT_ID.POP
  }

  /** Keeps the first position of a path, which is that of the key: a key comes before its value. */
  #note(path: Path, offset: number | undefined): void {
    const name = JSON.stringify(path)
    if (offset !== undefined && !this.byPath.has(name)) this.byPath.set(name, offset)
  }

  #startOf(event: Event): number | undefined {
    switch (event.type) {
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        return event.start
      case EVENT_ID.SCALAR:
        return event.valueStart - (isQuoted(event) ? 1 : 0)
      case EVENT_ID.ALIAS:
        // `anchorStart` is the start of the name, which follows an asterisk.
        return event.anchorStart - 1
      default:
        return undefined
    }
  }
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/)
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
