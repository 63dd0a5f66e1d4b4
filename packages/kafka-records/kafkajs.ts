import { CODEC_NUMBERS, inflate } from './codecs.ts'

/** A codec as kafkajs has it. */
interface KafkajsCodec {
  compress(encoder: unknown): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

/** `CompressionCodecs` of kafkajs: shared by all its clients in a process. */
type KafkajsCodecs = Record<number, () => KafkajsCodec>

const known = new WeakSet<KafkajsCodecs>()

/**
 * Has kafkajs read every codec. Compressing stays with what is registered already, the library's own or an application's.
 * A number that Kafka has no codec for is refused: kafkajs would take such a batch for an uncompressed one.
 */
export function readEveryCodec(codecs: object): void {
  const registered = codecs as KafkajsCodecs
  if (known.has(registered)) return
  known.add(registered)
  for (const number of CODEC_NUMBERS) {
    const former = registered[number]
    registered[number] = () => ({
      compress: async encoder => {
        if (!former) throw new Error(`cannot compress with codec ${number}: none is registered`)
        return former().compress(encoder)
      },
      decompress: bytes => inflate(number, bytes),
    })
  }
}
