/** Rules about fields that exclude or need one another, as arguments and options of a command or members of a request. Pure. */

/**
 * Name of a field, which stands for its presence. `output=-` stands for the field with this value. A flag such as `--no-follow` has the name `follow`.
 */
type Term<Name extends string> = Name | `${Name}=${string}`

export interface FieldRules<Name extends string> {
  /** Lists whose first term cannot be used with any of the others. */
  readonly conflicts?: readonly (readonly Term<Name>[])[]
  /** Lists whose first term needs one of the others. */
  readonly needs?: readonly (readonly Term<Name>[])[]
  /** Lists of terms, one of which is required. */
  readonly requiresOneOf?: readonly (readonly Term<Name>[])[]
}

/** Returns an error for each broken rule, in the words of commander. @param describe returns the text of a term in messages */
export function findBrokenRules(
  { conflicts = [], needs = [], requiresOneOf = [] }: FieldRules<string>,
  isPresent: (term: string) => boolean,
  describe: (term: string) => string,
): string[] {
  // Not a constant of the module, because the first of these objects takes 15 ms.
  const list = (terms: readonly string[]) =>
    new Intl.ListFormat('en', { type: 'disjunction' }).format(terms.map(describe))
  const errors = [
    ...conflicts.flatMap(([first = '', ...others]) =>
      isPresent(first)
        ? others.filter(isPresent).map(other => `${describe(first)} cannot be used with ${describe(other)}`)
        : [],
    ),
    ...needs
      .filter(([first = '', ...others]) => isPresent(first) && !others.some(isPresent))
      .map(([first = '', ...others]) => `${describe(first)} needs ${list(others)}`),
    ...requiresOneOf
      .filter(terms => !terms.some(isPresent))
      .map(terms => `required ${list(terms)} not specified`),
  ]
  return errors
}
