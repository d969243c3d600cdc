/** The stack behind `npm start`, for tools and tests that need it or its services. */
export { createTemporaryHome, removeHome } from './home.ts'
export { anyPorts, defaultPorts, type Ports } from './ports.ts'
export { type ServiceOptions, type Services, startServices } from './services.ts'
export { type PartName, type Stack, type StackOptions, startStack } from './stack.ts'
