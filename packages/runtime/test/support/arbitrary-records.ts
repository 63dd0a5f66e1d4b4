/** Records that are events, that nearly are, and that are not. */
import fc from 'fast-check'

export const REQUIRED = { specversion: '1.0', id: 'a-1', source: '/s', type: 't' }
const NAMES = [
  ...Object.keys(REQUIRED),
  'subject',
  'time',
  'dataschema',
  'datacontenttype',
  'ext',
  'data',
  'Ü',
  '',
]
const TYPES = [
  'application/json',
  'text/plain; charset=utf-8',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/cloudevents+avro',
  'application/avro',
  'APPLICATION/CloudEvents+JSON; charset=UTF-8',
]
const VALUES = [
  '',
  'e30=',
  '1.0',
  '/s',
  '2026-03-01T12:00:00.123456789Z',
  'urn:a:b',
  'a b',
  '\u0000',
  'ü',
  '%',
  'true',
  ...TYPES,
]

/** Mostly all of them, so that more than the first check is reached. */
const required = fc.oneof(
  { arbitrary: fc.constant(Object.entries(REQUIRED)), weight: 5 },
  { arbitrary: fc.subarray(Object.entries(REQUIRED)), weight: 1 },
)
const anyBytes = fc.oneof(
  fc.constantFrom(...VALUES).map(text => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map(Buffer.from),
)
const anyName = fc.oneof(
  fc.constantFrom('content-type', ...NAMES.map(name => `ce_${name}`)),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const anyHeader = fc.tuple(anyName, anyBytes)
const headers = fc
  .tuple(
    required,
    fc.option(fc.constantFrom(...TYPES), { nil: undefined, freq: 5 }),
    fc.array(anyHeader, { maxLength: 2 }),
  )
  .chain(([attributes, type, others]) => {
    const sound = attributes.map(([name, text]) => [`ce_${name}`, Buffer.from(text)] as const)
    const typed = type === undefined ? [] : [['content-type', Buffer.from(type)] as const]
    const all = [...sound, ...typed, ...others]
    return fc.shuffledSubarray(all, { minLength: all.length })
  })
export const memberNames = fc.constantFrom('ext', ...NAMES, 'data_base64', '__proto__', 'constructor')
const document = fc
  .tuple(
    required,
    fc.dictionary(memberNames, fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue()), { maxKeys: 2 }),
  )
  .map(([attributes, others]) => JSON.stringify({ ...Object.fromEntries(attributes), ...others }))
/** Pieces of JSON are cut out, or put in twice. */
const damaged = fc.tuple(document, fc.nat(), fc.nat(9), fc.boolean()).map(([text, at, length, isTwice]) => {
  const start = at % (text.length + 1)
  return (
    text.slice(0, start) +
    (isTwice ? text.slice(start, start + length).repeat(2) : '') +
    text.slice(start + length)
  )
})
const value = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
  fc.jsonValue().map(json => Buffer.from(JSON.stringify(json) ?? '')),
  document.map(text => Buffer.from(text)),
  damaged.map(text => Buffer.from(text)),
)
export const JSON_TYPE = ['content-type', Buffer.from('application/json')] as const
export const STRUCTURED = ['content-type', Buffer.from('application/cloudevents+json')] as const
export const record = fc.oneof(
  fc.record({ headers, value }),
  fc.record({
    headers: fc.array(anyHeader, { maxLength: 2 }).map(others => [...others, STRUCTURED]),
    value: fc.oneof(document, damaged).map(text => Buffer.from(text)),
  }),
  fc.record({ headers: fc.array(anyHeader, { maxLength: 4 }), value }),
)
