/** CloudFormation's YAML: its short forms of functions (`!Ref`, `!Sub` …) become the long ones. Pure. */
import { CORE_SCHEMA, defineScalarTag, defineSequenceTag, mergeTag } from 'js-yaml'
import { yamlContent } from '../lib/yaml-document.ts'

/** Functions without the prefix `Fn::` in their long form. */
const WITHOUT_PREFIX = new Set(['Ref', 'Condition'])

const nowhere = () => false

/** `!If [a, b, c]` → `{ 'Fn::If': [a, b, c] }`; `!GetAtt A.B.C` → `{ 'Fn::GetAtt': ['A', 'B.C'] }`. */
function longForm(tag: string, argument: unknown): object {
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
    defineScalarTag(tag, { resolve: source => longForm(tag, source), identify: nowhere }),
    defineSequenceTag(tag, {
      create: (): unknown[] => [],
      addItem: (items, item) => void items.push(item),
      finalize: items => longForm(tag, items),
      identify: nowhere,
    }),
  ]
})

/** Templates are files of the project, and contain properties of resources that differ in one name once. */
const MAX_ALIASES = 20

const SCHEMA = CORE_SCHEMA.withTags(mergeTag, TAGS)

/** @throws Error where the text is not YAML, or has a function that is not known here */
export function loadCloudFormation(text: string, filename: string): unknown {
  return yamlContent(text, filename, { schema: SCHEMA, aliases: MAX_ALIASES })
}
