/**
 * Reads a column of an object that Sluice has written, with the parts of the Parquet library that decode pages. The library's own
 * reader takes twice as long, because it prepares every value for lists, and copies each id several times.
 */
import type { ColumnMetaData, SchemaElement } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { convert, convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { decompressPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { readPlain } from 'hyparquet/src/plain.js'

type Decoder = Parameters<typeof readDataPageV2>[2]
type Page = Parameters<typeof readDataPageV2>[1]
type Values = ReturnType<typeof convert>
type Options = Required<Pick<Decoder, 'compressors'>> & { readonly parsers: Partial<Decoder['parsers']> }

/**
 * Returns the values of a column in one group of rows. Values of an INT64 can be BigInts.
 *
 * @param rows number of rows that are needed; pages after them are not read
 * @throws Error if the pages cannot be read
 */
export function flatColumn(
  bytes: Uint8Array,
  optional: SchemaElement,
  meta: ColumnMetaData,
  rows: number,
  { compressors, parsers }: Options,
): readonly unknown[] {
  const { type, codec } = meta
  const element: SchemaElement = { ...optional, repetition_type: 'REQUIRED' }
  const node = { element, children: [], count: 0, path: [] }
  const decoder: Decoder = {
    ...{ type, codec, element, compressors, pathInSchema: meta.path_in_schema, schemaPath: [node, node] },
    parsers: { ...DEFAULT_PARSERS, ...parsers },
  }
  const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
  const reader = { view: viewOf(bytes.subarray(start)), offset: 0 }
  const values: unknown[] = new Array(rows)
  let dictionary: Values | undefined
  for (let row = 0; row < rows; ) {
    const header = parquetHeader(reader)
    const from = start + reader.offset
    const page = bytes.subarray(from, from + header.compressed_page_size)
    reader.offset += header.compressed_page_size
    const { dictionary_page_header: own, data_page_header_v2: data } = header
    if (own) {
      const plain = decompressPage(page, header.uncompressed_page_size, codec, compressors)
      const reader = { view: viewOf(plain), offset: 0 }
      dictionary = convert(readPlain(reader, type, own.num_values, undefined), decoder)
    } else if (data) {
      const read = valuesIn(page, header, data.definition_levels_byte_length, decoder, dictionary)
      if (data.num_nulls === 0 && data.num_values === rows && Array.isArray(read)) return read
      const levels: number[] = new Array(data.num_values).fill(1)
      const reader = { view: viewOf(page), offset: 0 }
      if (data.num_nulls > 0) readRleBitPackedHybrid(reader, 1, levels, data.definition_levels_byte_length)
      let next = 0
      for (let index = 0; index < levels.length; index += 1)
        values[row++] = levels[index] === 0 ? null : read[next++]
    } else throw new Error(`a page of ${element.name} has a type that the history does not use`)
  }
  return values
}

/**
 * Returns the values of a page, without nulls.
 *
 * @param skipped number of bytes at the start of the page, which define the rows that are null
 */
function valuesIn(
  page: Uint8Array,
  header: Page,
  skipped: number,
  decoder: Decoder,
  dictionary: Values | undefined,
): Values {
  const { num_values: all = 0, num_nulls: nulls = 0, encoding = 'PLAIN' } = header.data_page_header_v2 ?? {}
  const [bare, size] = [page.subarray(skipped), header.uncompressed_page_size - skipped]
  if (encoding === 'DELTA_BYTE_ARRAY')
    return textsIn(decompressPage(bare, size, decoder.codec, decoder.compressors), all - nulls)
  const data = { ...header.data_page_header_v2, definition_levels_byte_length: 0 }
  const own = { ...header, uncompressed_page_size: size, data_page_header_v2: data } as Page
  return convertWithDictionary(readDataPageV2(bare, own, decoder).dataPage, dictionary, encoding, decoder)
}

/** Returns texts that are stored as the length of the beginning that each shares with the previous one, and its other bytes. */
function textsIn(page: Uint8Array, count: number): string[] {
  const reader = { view: viewOf(page), offset: 0 }
  const [shared, others] = [new Int32Array(count), new Int32Array(count)]
  deltaBinaryUnpack(reader, count, shared)
  deltaBinaryUnpack(reader, count, others)
  let { offset } = reader
  const text = Buffer.alloc(page.length)
  return Array.from(shared, (from, index) => {
    const end = from + (others[index] as number)
    for (let place = from; place < end; place++) text[place] = page[offset++] as number
    return text.toString('utf8', 0, end)
  })
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView<ArrayBuffer> {
  return new DataView(buffer as ArrayBuffer, byteOffset, byteLength)
}
