import { dirname, join } from 'node:path'
import { listMappingNames, loadMappings } from '../../mapping/adapters/load-mappings.ts'
import { toIdPart, toSource } from '../../mapping/field-source.ts'
import { patternErrors } from '../../mapping/pattern-errors.ts'
import { wholeField } from '../../mapping/raw-mapping.ts'
import { inZone } from '../../mapping/read-time.ts'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import { FileError, InvalidFile, type PathError } from '../../support/file-errors.ts'
import { linearPattern } from '../../support/linear-pattern.ts'
import { describeUnknown } from '../../support/suggestion.ts'
import type { Families } from '../../telemetry/families.ts'
import type { Input } from '../input.ts'
import { locateErrors } from '../parse-inputs.ts'
import type { LoadedInput, LoadedInputs } from '../read-record.ts'

/** Locations of the files, and their names in error messages. */
interface InputFiles {
  /** File with the list of inputs. */
  readonly file: string
  readonly shown?: string
  /** Folder of the mappings. */
  readonly folder: string
  readonly shownFolder?: string
  /** Environment, for the names of topics in the file. */
  readonly env: string
  /** Zone of times that name none, where the file says none either. */
  readonly timeZone?: string
}

/**
 * Loads the mappings and schemas of inputs.
 *
 * @throws FileError if a file is missing or invalid
 */
export async function loadInputs(
  families: Families,
  inputs: readonly Input[],
  files: InputFiles,
): Promise<LoadedInputs> {
  const { folder, shownFolder = folder, timeZone = 'UTC' } = files
  const all = await listMappingNames(folder)
  const errors = inputs.flatMap(input =>
    [...mappingErrors(input, all, shownFolder), ...sourcePatternErrors(input)].map(error => ({
      ...error,
      topic: input.topic,
    })),
  )
  if (errors.length > 0) {
    const { file, shown = file, env } = files
    const text = await readConfigFile(file, shown)
    throw new InvalidFile('the inputs', locateErrors(text, shown, errors, env))
  }
  const loaded = inputs.map(async (input): Promise<LoadedInput> => {
    const names = input.as ? [] : (input.mappings ?? all)
    const [loadedMappings, ofSchema] = await Promise.all([
      loadMappings(families, folder, names, shownFolder),
      loadSchema(input, files),
    ])
    return {
      ...input,
      ...(input.as && { as: inZone(input.as, timeZone) }),
      loadedMappings: loadedMappings.map(mapping => inZone(mapping, timeZone)),
      ...toSources(input),
      ...ofSchema,
    }
  })
  return new Map((await Promise.all(loaded)).map(input => [input.topic, input]))
}

function mappingErrors({ as, mappings = [] }: Input, all: readonly string[], folder: string): PathError[] {
  if (as !== undefined) return []
  return mappings.flatMap((name, index) =>
    all.includes(name)
      ? []
      : [{ path: ['mappings', index], message: describeUnknown(`mapping of ${folder}`, name, all) }],
  )
}

function sourcePatternErrors({ as }: Input): PathError[] {
  if (as === undefined) return []
  const { subject, id = [] } = as
  return [
    ...patternErrors(wholeField(subject).pattern, ['as', 'subject']),
    ...id.flatMap((source, index) => patternErrors(wholeField(source).pattern, ['as', 'id', index])),
  ]
}

function toSources({ as }: Input): Pick<LoadedInput, 'sources'> {
  if (as === undefined) return {}
  const { subject, id } = as
  return {
    sources: {
      subject: toSource('subject', 'scalar', wholeField(subject)),
      ...(id === undefined ? {} : { id: id.map(toIdPart) }),
    },
  }
}

/** Engine for the patterns of schemas. The code is used only in generated standalone code. */
const SCHEMA_PATTERNS = Object.assign((pattern: string) => linearPattern(pattern), { code: '' })

/** Loads the JSON Schema of an input's data. The compiler of schemas is loaded only if an input names one. */
async function loadSchema(
  { topic, as }: Input,
  { file, shown = file }: InputFiles,
): Promise<Pick<LoadedInput, 'schema' | 'findViolation'>> {
  if (as?.schema === undefined) return {}
  const name = join(dirname(shown), as.schema)
  const text = await readConfigFile(join(dirname(file), as.schema), name)
  // Bundles that share code have a CommonJS module only as the default export.
  const { Ajv2020 } = (await import('ajv/dist/2020.js')).default
  try {
    const ajv = new Ajv2020({
      strict: false,
      validateFormats: false,
      allErrors: true,
      code: { regExp: SCHEMA_PATTERNS },
    })
    const schema = JSON.parse(text)
    const validate = ajv.compile(schema)
    const findViolation = (data: unknown) => {
      if (validate(data)) return undefined
      // Messages of the library name the rule, but no values.
      const reasons = (validate.errors ?? []).slice(0, 3)
      return reasons.map(({ instancePath, message }) => `${instancePath || 'data'} ${message}`).join('; ')
    }
    return { schema, findViolation }
  } catch (error) {
    throw new FileError(
      `${name}: the schema of the input ${topic} is not valid: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}
