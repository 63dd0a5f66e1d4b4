/** Loads CloudFormation YAML and converts short forms of functions (`!Ref`, `!Sub` …) to long forms. Pure. */
import { CORE_SCHEMA, defineScalarTag, defineSequenceTag, mergeTag } from 'js-yaml'
import { yamlContent } from '../../lib/support/yaml-document.ts'

/** CloudFormation functions whose long form does not start with `Fn::`. */
const WITHOUT_PREFIX = new Set(['Ref', 'Condition'])

const nowhere = () => false

/** Converts a short form to the long form. For example, `!GetAtt A.B.C` becomes `{ 'Fn::GetAtt': ['A', 'B.C'] }`. */
function toLongForm(tag: string, argument: unknown): object {
  const name = tag.slice(1)
  if (name === 'GetAtt' && typeof argument === 'string') {
    const [id, ...attribute] = argument.split('.')
    return { 'Fn::GetAtt': [id, attribute.join('.')] }
  }
  return { [WITHOUT_PREFIX.has(name) ? name : `Fn::${name}`]: argument }
}

const NAMES = [
  'And',
  'Cidr',
  'Condition',
  'Equals',
  'GetAZs',
  'GetAtt',
  'If',
  'Join',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
]

const TAGS = NAMES.flatMap(name => {
  const tag = `!${name}`
  return [
    defineScalarTag(tag, { resolve: source => toLongForm(tag, source), identify: nowhere }),
    defineSequenceTag(tag, {
      create: (): unknown[] => [],
      addItem: (items, item) => void items.push(item),
      finalize: items => toLongForm(tag, items),
      identify: nowhere,
    }),
  ]
})

/** Maximum number of YAML aliases. Templates use aliases for resources that differ in one property. */
const MAX_ALIASES = 20

const SCHEMA = CORE_SCHEMA.withTags(mergeTag, TAGS)

/** Parses a template. @throws Error if the text is not YAML or uses an unsupported function */
export function loadCloudFormation(text: string, filename: string): unknown {
  return yamlContent(text, filename, { schema: SCHEMA, aliases: MAX_ALIASES })
}
