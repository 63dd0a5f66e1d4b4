import { FRAMEWORKS } from './frameworks.ts'
import { tryFramework } from './try-framework.ts'

tryFramework(FRAMEWORKS['serverless-3'])
