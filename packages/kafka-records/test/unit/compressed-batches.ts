/**
 * The compressed records of batches from different clients: three records each, from the log of a broker. The Java
 * client is that of Kafka 4.3.0, librdkafka is 2.16.0. All inflate to the same values, in Kafka's record format.
 */
export const COMPRESSED_BATCHES: readonly CompressedBatch[] = [
  {
    client: 'Java',
    codec: 'gzip',
    number: 1,
    bytes: base64(
      'H4sIAAAAAAAA/7vDyMDAwJWdWqlguIKxLDGnNFXBUCE/TSFRoSg1Ob8oRaEkI7EEyEvOyUzNK1HISCxWKC/KLClJzbMmThkTR15i',
      'bqpARmpiSmqRguEdRgYxJrB9RjD7jGhonxHIPhawfcYw+4xpaJ8xABEapM1QAQAA',
    ),
  },
  {
    client: 'Java',
    codec: 'snappy',
    number: 2,
    bytes: base64(
      'glNOQVBQWQAAAAABAAAAAQAAAH/QAujcAQAAAAprZXkgMagBdmFsdWUgMSBvZiBhIHJlY29yZCB0aGF0IGEgY2xpZW50IGhhcyB3',
      'cml0dGVuO5YnAEwCCG5hbWUQaGVhZGVyIDHcAQBcAgVwADIRcAAylkkAADuWJwA2cAAAMgFwAAQFcAAzEXAAM5ZJANJwAAAz',
    ),
  },
  {
    client: 'Java',
    codec: 'lz4',
    number: 3,
    bytes: base64(
      'BCJNGGBAgn0AAAD/LNwBAAAACmtleSAxqAF2YWx1ZSAxIG9mIGEgcmVjb3JkIHRoYXQgYSBjbGllbnQgaGFzIHdyaXR0ZW47JwAT',
      '8QYCCG5hbWUQaGVhZGVyIDHeAQD6AgJxABQycQAfMkoAEw9xACIRMnEAEQRxABQzcQAfM3EARFBkZXIgMwAAAAA=',
    ),
  },
  {
    client: 'Java',
    codec: 'zstd',
    number: 4,
    bytes: base64(
      'KLUv/QBYbAMAdAXcAQAAAAprZXkgMagBdmFsdWUgMSBvZiBhIHJlY29yZCB0aGF0IGEgY2xpZW50IGhhcyB3cml0dGVuOwIIbmFt',
      'ZRBoZWFkZXIgMd4BAJgBAjIyMgQzMzMIAAimADpwDLSCYB4QS4frbvWoPQEAAA==',
    ),
  },
  {
    client: 'librdkafka',
    codec: 'gzip',
    number: 1,
    bytes: base64(
      'H4sIAAAAAAAAA7vDyMDAwJWdWqlguIKxLDGnNFXBUCE/TSFRoSg1Ob8oRaEkI7EEyEvOyUzNK1HISCxWKC/KLClJzbMmThkTR15i',
      'bqpARmpiSmqRguEdoH1MYPuMYPYZ0dA+I5B9LGD7jGH2GdPQPmMA9Vd5HVABAAA=',
    ),
  },
  {
    client: 'librdkafka',
    codec: 'snappy',
    number: 2,
    bytes: base64(
      '0ALo3AEAAAAKa2V5IDGoAXZhbHVlIDEgb2YgYSByZWNvcmQgdGhhdCBhIGNsaWVudCBoYXMgd3JpdHRlbjuWJwA4AghuYW1lEGhl',
      'YWRlciAxAXAAAgVwADIRcAAylkkAADuWJwA2cAAAMgFwAAQFcAAzEXAAM5ZJANJwAAAz',
    ),
  },
  {
    client: 'librdkafka',
    codec: 'lz4',
    number: 3,
    bytes: base64(
      'BCJNGGBAgnsAAAD/LNwBAAAACmtleSAxqAF2YWx1ZSAxIG9mIGEgcmVjb3JkIHRoYXQgYSBjbGllbnQgaGFzIHdyaXR0ZW47JwAT',
      '8AACCG5hbWUQaGVhZGVyIDFwABECcAAUMnAAHzJJABMPcAAiEDJwABEEcAAUM3AAHzNwAERQZGVyIDMAAAAA',
    ),
  },
  {
    client: 'librdkafka',
    codec: 'zstd',
    number: 4,
    bytes: base64(
      'KLUv/QBYRQMAYkUUHbAXcwxDBcPa1LYl+q61SaOT5CSgR+9mkY0MNpEBCCHAOacgksNYr/Jr8EO6QCG47zJdGJHL685acnpzrZW+',
      'dHW68Gz8REsFaRgzbhAgIjkCCAAIpgA6cAxYgmAeEDOH6271qD0=',
    ),
  },
]

/** Sample of the reference library: 148,000 bytes in blocks of 64 KiB, each of which refers to earlier ones. */
export const DEPENDENT_LZ4_BLOCKS = base64(
  'BCJNGEBAwLcCAAD/GTAwMCB0aGUgcXVpY2sgcmVhZGluZyBvZiBzZW5zb3IgMDAwOyAwMDElAAxvNzsgMDAyJQALfzE0OyAwMDMl',
  'AAt/MjE7IDAwNCUADG84OyAwMDUlAAt/MzU7IDAwNiUAC380MjsgMDA3JQAMbzk7IDAwOCUAC381NjsgMDA5JQALbzYzOyAwMXIB',
  'DG83MDsgMDFyAQxvNzc7IDAxcgEMbzg0OyAwMXIBDG85MTsgMDFyAQxvOTg7IDAxcgEMbzA1OyAwMXIBDG8xMjsgMDFyAQxvMTk7',
  'IDAxcgEMbzI2OyAwMXIBDG8zMzsgMDJyAQxvNDA7IDAycgEMbzQ3OyAwMnIBDG81NDsgMDJyAQxvNjE7IDAycgEMbzY4OyAwMnIB',
  'DG83NTsgMDJyAQxvODI7IDAycgEMbzg5OyAwMnIBDG85NjsgMDJyAQxvMDM7IDAzcgEMbzEwOyAwM3IBDG8xNzsgMDNyAQxvMjQ7',
  'IDAzcgEMbzMxOyAwM3IBDG8zODsgMDNyAQxvNDU7IDAzcgEMbzUyOyAwM3IBDG81OTsgMDNyAQxvNjY7IDAzcgEMTzczOyDIBf//',
  '////////////////////////////////////////////////////////////////////////////////////////////////////',
  '////////////////////////////////////////////////////////////////////////////////////////////////////',
  '////////////////////////////////////////////////////////////////////////////////////////////////////',
  '////////////////////////////////G1B0aGUgcQ4BAAAP9/8FD2D+////////////////////////////////////////////',
  '////////////////////////////////////////////////////////////////////////////////////////////////////',
  '////////////////////////////////////////////////////////////////////////////////////////////////////',
  '/////////////////////////////////////////////////////////////////////////////////////////////////9BQ',
  'IHJlYWTtAQAA/wdpbmcgb2Ygc2Vuc29yIDA1NDsgMDIzJQALfzYxOyAwMjQlAAxvODsgMDI1JQALfzc1OyAwMjYlAAt/ODI7IDAy',
  'NyUADG85OyAwMjglAAt/OTY7IDAyOSUAC38wMzsgMDMwJQALfzEwOyAwMzElAAxvNzsgMDMyJQALbzI0OyAwM3IBDG8zMTsgMDNy',
  'AQxvMzg7IDAzcgEMbzQ1OyAwM3IBDG81MjsgMDNyAQxvNTk7IDAzcgEMbzY2OyAwM3IBDG83MzsgMDByAQxvMDA7IDAwcgEMbzA3',
  'OyAwMHIBDG8xNDsgMDByAQxvMjE7IDAwcgEMbzI4OyAwMHIBDG8zNTsgMDByAQxvNDI7IDAwcgEMbzQ5OyAwMHIBDG81NjsgMDBy',
  'AQxvNjM7IDAxcgEMbzcwOyAwMXIBDG83NzsgMDFyAQxvODQ7IDAxcgEMbzkxOyAwMXIBDG85ODsgMDFyAQxvMDU7IDAxcgEMbzEy',
  'OyAwMXIBDG8xOTsgMDFyAQxvMjY7IDAxcgEMbzMzOyAwMnIBDG80MDsgMDJyAQxvNDc7IDAycgEMD8gF////////////////////',
  '////////////////////////////////////////////////////////////bVAwNzM7IAAAAAA=',
)

interface CompressedBatch {
  readonly client: 'Java' | 'librdkafka'
  readonly codec: string
  /** The number in the attributes of a batch. */
  readonly number: number
  readonly bytes: Buffer
}

function base64(...lines: string[]): Buffer {
  return Buffer.from(lines.join(''), 'base64')
}
