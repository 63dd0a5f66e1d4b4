/**
 * Finds the position of a value in a rule file. This requires parsing the file a second time, which only the checks before a
 * deployment do. Functions do not need positions.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Position } from './file-errors.ts'
import { createPositionLookup } from './yaml-document.ts'

type Path = readonly (string | number)[]

/** Start offset of a value or, in a mapping, of its key, and the offsets of the values that it contains. */
interface Located {
  readonly offset: number
  readonly below?: Map<string | number, Located>
}

/**
 * Returns a function that finds the position of a key or list element in a YAML document. The position of a missing key is the
 * position of the mapping that should contain it.
 *
 * @throws YAMLException if the text is not valid YAML
 */
export function positionsIn(text: string): (path: Path) => Position {
  const root = new Walk(text).root
  const toPosition = createPositionLookup(text)
  return path => {
    let found = root
    for (const part of path) {
      const next = found.below?.get(part)
      if (next === undefined) break
      found = next
    }
    return toPosition(Math.max(0, found.offset))
  }
}

/** Reads the parser events of the first document once, and records the start of each value. */
class Walk {
  readonly root: Located
  readonly #text: string
  readonly #events: Iterator<Event>
  #next: Event | undefined

  constructor(text: string) {
    this.#text = text
    this.#events = parseEvents(text, {}).values()
    this.#advance()
    if (this.#next?.type === EVENT_ID.DOCUMENT) this.#advance()
    this.root = this.#node(this.#getStart(this.#next))
  }

  #advance(): Event | undefined {
    const event = this.#next
    this.#next = this.#events.next().value
    return event
  }

  /**
   * Reads one value.
   *
   * @param offset offset of the value or, in a mapping, of its key
   */
  #node(offset: number): Located {
    const event = this.#advance()
    if (event?.type === EVENT_ID.MAPPING) return { offset, below: this.#pairs() }
    if (event?.type === EVENT_ID.SEQUENCE) return { offset, below: this.#elements() }
    return { offset }
  }

  #pairs(): Map<string | number, Located> {
    const below = new Map<string | number, Located>()
    while (this.#isOpen()) {
      const key = this.#next
      const at = this.#getStart(key)
      this.#node(at)
      const value = this.#node(at)
      // All valid keys of a rule are strings.
      if (key?.type === EVENT_ID.SCALAR) below.set(getScalarValue(this.#text, key), value)
    }
    this.#advance()
    return below
  }

  #elements(): Map<string | number, Located> {
    const below = new Map<string | number, Located>()
    for (let index = 0; this.#isOpen(); index++) below.set(index, this.#node(this.#getStart(this.#next)))
    this.#advance()
    return below
  }

  #isOpen(): boolean {
    return this.#next !== undefined && this.#next.type !== EVENT_ID.POP
  }

  #getStart(event: Event | undefined): number {
    switch (event?.type) {
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        return event.start
      case EVENT_ID.SCALAR:
        return event.valueStart - (isQuoted(event) ? 1 : 0)
      default:
        return 0
    }
  }
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
}
