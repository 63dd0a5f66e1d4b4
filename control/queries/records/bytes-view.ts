/** Displays bytes as text if they are valid text. Pure. */
import { type RecordHeader, toBuffer } from '#runtime/cloudevents'
import type { Content } from '../../../lib/support/content.ts'

/** JSON representation of bytes: plain text, or base64. */
export type BytesView = { readonly text: string } | { readonly base64: string }

/** @param isCut true if the bytes may end within a character */
export function toBytesView(bytes: Buffer, isCut = false): BytesView {
  const text = decodeText(bytes, isCut)
  return text === undefined ? { base64: bytes.toString('base64') } : { text }
}

/** @param most maximum number of bytes to show */
export function toContent(bytes: Buffer, most = Number.POSITIVE_INFINITY): Content {
  return { bytes: bytes.length, ...toBytesView(bytes.subarray(0, most), most < bytes.length) }
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
function decodeText(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
    return NOT_IN_TEXT.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
