/**
 * Where in a rule file something stands. The functions do without it: only who checks files before they are deployed wants
 * lines, and reads each file a second time for them.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Position } from './parse-rules.ts'

type Path = readonly (string | number)[]

/**
 * Finds positions in a YAML document: that of a key, or of an element of a list. What is not written there (a key that is
 * missing) has the position of what should hold it.
 *
 * @throws YAMLException where the text is not YAML
 */
export function positionsIn(text: string): (path: Path) => Position {
  const offsets = new Offsets(text)
  return path => {
    let known = path
    while (known.length > 0 && !offsets.byPath.has(JSON.stringify(known))) known = known.slice(0, -1)
    return positionAt(text, Math.max(0, offsets.byPath.get(JSON.stringify(known)) ?? 0))
  }
}

/** Walks the parser's events of the first document once, and notes where each path starts. */
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
      // A rule has no key that is not text.
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

  /** The first position of a path counts: a key comes before its value. */
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
        // Of the name, which follows an asterisk.
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
