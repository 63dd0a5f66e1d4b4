import type { Schema, SchemaFormat } from './client.ts'
import type { Codec, DataForm } from './codec.ts'

/** Packages that are needed for each format. They are loaded when the first schema of the format is used. */
const FORMATS: Readonly<
  Record<SchemaFormat, { readonly needs: string; readonly load: () => Promise<CodecModule> }>
> = {
  AVRO: { needs: 'avsc', load: () => import('./avro-codec.ts') },
  JSON: { needs: 'ajv re2js', load: () => import('./json-codec.ts') },
  PROTOBUF: { needs: 'protobufjs', load: () => import('./protobuf-codec.ts') },
}

interface CodecModule {
  codecFor(schema: Schema, form?: DataForm): Codec
}

/**
 * Loads the library for the format of a schema, and compiles the schema.
 *
 * @throws UndecodableError if the schema cannot be used; Error if the package for its format is not installed
 */
export async function loadCodec(schema: Schema, form?: DataForm): Promise<Codec> {
  const { needs, load } = FORMATS[schema.format]
  const module = await load().catch(error => {
    throw new Error(
      `records with a schema in ${schema.format} need ${needs}: npm install --save-dev ${needs}`,
      { cause: error },
    )
  })
  return module.codecFor(schema, form)
}
