/** Key, value or header of a failed record, as text or as a hex dump. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PartOfRecord } from '../../api/failures/one-dead-letter.ts'
import { bytesIn, bytesText, hexDump, readableText, textIn } from '../parts/words.ts'

interface Props {
  readonly title: string
  readonly part: PartOfRecord | null
  /** URL for downloading the full content. */
  readonly download: string
}

export function Bytes({ title, part, download }: Props): JSX.Element {
  const [isHex, setHex] = useState(false)
  if (!part)
    return (
      <section class="failures-bytes">
        <h3>{title}</h3>
        <p>The record had none.</p>
      </section>
    )
  const bytes = bytesIn(part.base64)
  const isCut = bytes.length < part.bytes
  const text = textIn(bytes, isCut)
  const asHex = isHex || text === undefined
  return (
    <section class="failures-bytes">
      <header>
        <h3>{title}</h3>
        <span>{bytesText(part.bytes)}</span>
        <fieldset>
          <legend class="unseen">How to show the {title.toLowerCase()}</legend>
          <button
            type="button"
            class="secondary outline"
            aria-pressed={!asHex}
            disabled={text === undefined}
            onClick={() => setHex(false)}
          >
            Text
          </button>
          <button type="button" class="secondary outline" aria-pressed={asHex} onClick={() => setHex(true)}>
            Hex
          </button>
        </fieldset>
        <a href={download} download>
          Download
        </a>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users scroll it with the arrow keys */}
      <section class="failures-scrolls" aria-label={title} tabIndex={0}>
        <pre>{asHex ? hexDump(bytes) : readableText(text)}</pre>
      </section>
      {isCut && <p>The first {bytesText(bytes.length)}; the download has all of it.</p>}
    </section>
  )
}
