/** The option `--registry` of the commands that start servers. */
export const REGISTRY_OPTION = { type: 'boolean', default: false } as const

/** Its line in the help texts. */
export const REGISTRY_USAGE =
  '--registry   also a schema registry, which functions and commands then use (Apicurio)'
