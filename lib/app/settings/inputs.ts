import { setting, slice, text } from '#runtime/settings/index.ts'

export interface InputSettings {
  readonly inputsFile: string
  readonly mappingsDir: string
}

/** Settings of the topics of other applications. */
export const INPUTS = slice(
  'Inputs',
  {
    INPUTS_FILE: setting(text(/\S/, 'a file'), {
      description:
        'The file with the [inputs](inputs.md): topics of other applications. For a deployment, it must be inside the project.',
      default: 'config/inputs.yaml',
      setBy: 'deployment',
    }),
    MAPPINGS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [mappings](../config/mappings/README.md). For a deployment, it must be inside the project.',
      default: 'config/mappings',
      setBy: 'deployment',
    }),
  },
  ({ INPUTS_FILE: inputsFile, MAPPINGS_DIR: mappingsDir }): InputSettings => ({ inputsFile, mappingsDir }),
)
