/** Displays bytes as text if they are valid text. Pure. */
import { isUtf8 } from 'node:buffer'
import { type RecordHeader, toBuffer } from '#runtime/cloudevents/index.ts'

/** JSON representation of bytes: plain text, or base64. */
export type BytesView = { readonly text: string } | { readonly base64: string }

export function toBytesView(bytes: Buffer): BytesView {
  const text = decodeText(bytes)
  return text === undefined ? { base64: bytes.toString('base64') } : { text }
}

/** Readable form of a header; the text is null for one that counts as absent. */
export type HeaderView = { readonly name: string } & (BytesView | { readonly text: null })

export function toHeaderView([name, bytes]: RecordHeader): HeaderView {
  return { name, ...(bytes ? toBytesView(toBuffer(bytes)) : { text: null }) }
}

/** Formats the bytes as one text, for people. */
export function formatBytesView(view: BytesView): string {
  return 'text' in view ? view.text : `base64:${view.base64}`
}

/** Matches control characters that do not occur in text. Tabs and line breaks are allowed. */
const NOT_IN_TEXT = /[^\P{Cc}\t\r\n]/u

/** Returns the bytes as text; undefined if they are not valid UTF-8, or contain control characters. */
export function decodeText(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString()
  return NOT_IN_TEXT.test(text) ? undefined : text
}
