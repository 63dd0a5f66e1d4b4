/** The settings of the local cloud. They stand here because the page of settings shows them, too. */
import { setting, slice } from '../packages/runtime/settings/slice.ts'
import { text } from '../packages/runtime/settings/values.ts'
import { DEFAULT_STACK, STACK_NAME } from './stack.ts'

/** Settings of `npm start` and `npm run services`. */
export const LOCAL_CLOUD = slice(
  'Local cloud',
  {
    SLUICE_STACK: setting(STACK_NAME, {
      description: 'The name of the stack, as the option `--name`.',
      default: DEFAULT_STACK,
    }),
    SLUICE_DATA_DIR: setting(text(/\S/, 'a folder'), {
      description: 'Where data and logs are kept, so that two runs can stand side by side.',
      otherwise: '`.local`',
    }),
    SLUICE_DOCKER: setting(text(/^/, '"1" or "true", or anything else for no'), {
      description:
        'Whether the containers of `localstack/docker-compose.yml` are used, as with the option `--docker`.',
    }),
    SLUICE_WATCH: setting(text(/^/, '"off", or anything else for on'), {
      description:
        'Whether code and rules are reloaded when they are saved; `off` is the option `--no-watch`.',
    }),
  },
  ({ SLUICE_STACK, SLUICE_DATA_DIR, SLUICE_DOCKER = '' }) => ({
    stack: SLUICE_STACK,
    dataDir: SLUICE_DATA_DIR,
    docker: ['1', 'true'].includes(SLUICE_DOCKER),
  }),
)
