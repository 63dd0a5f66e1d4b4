/** Bytes of a record, as text or as a hex dump. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type Content, describeContent, formatHexDump, toBytes } from '../../../lib/support/content.ts'
import { Text } from './facts.tsx'

interface Props {
  readonly title: string
  readonly content: Content
  readonly isOpen: boolean
}

export function Bytes({ title, content, isOpen }: Props): JSX.Element {
  const [isHex, setHex] = useState(false)
  const { kind, lines } = describeContent(content)
  const isText = 'text' in content
  const asHex = isHex || !isText
  return (
    <details open={isOpen}>
      <summary>
        {title}: {kind}
      </summary>
      <label>
        <input
          type="checkbox"
          role="switch"
          aria-checked={asHex}
          checked={asHex}
          disabled={!isText}
          onChange={() => setHex(now => !now)}
        />
        Hexadecimal
      </label>
      <Text>{asHex ? formatHexDump(toBytes(content)) : lines}</Text>
    </details>
  )
}
