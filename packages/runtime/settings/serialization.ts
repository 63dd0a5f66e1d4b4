import { DATA_FORMATS, type DataFormat } from '../consumer/data-format.ts'
import type { Serialization } from '../consumer/serialization.ts'
import { type SlicePart, setting, slice } from './slice.ts'
import { createKind, type Kind } from './value-kinds.ts'

const ALLOWED = `${DATA_FORMATS.join(', ')}, or a list of one of them and of <family or event type>=<format>, separated by commas`

/** Serialization formats of data, such as `avro,environment=json`. The application defines the names. */
const SERIALIZATION_KIND: Kind<Serialization> = createKind<Serialization>(parse, ALLOWED)

function parse(text: string): Serialization | undefined {
  let otherwise: DataFormat | undefined
  const named = new Map<string, DataFormat>()
  for (const part of text.split(',').map(part => part.trim())) {
    const [, name, word] = /^(?:([\w.-]+)\s*=\s*)?(\w+)$/.exec(part) ?? []
    const format = DATA_FORMATS.find(format => format === word)
    if (!format) return undefined
    if (name === undefined) {
      if (otherwise !== undefined) return undefined
      otherwise = format
    } else if (named.size === named.set(name, format).size) return undefined
  }
  return { otherwise: otherwise ?? 'json', named }
}

export const SERIALIZATION = slice(
  'Serialization',
  {
    SERIALIZATION: setting('producer.serialization', SERIALIZATION_KIND, {
      option: '--serialization <formats>',
      description:
        'The format of event data: one for all, and others by family or event type, as in `avro,environment=json`. Ticks, failures and control events are always JSON. All formats are read.',
      default: 'json',
    }),
  },
  ({ SERIALIZATION: serialization }) => ({ serialization }),
)

export type SerializationSettings = SlicePart<typeof SERIALIZATION>
