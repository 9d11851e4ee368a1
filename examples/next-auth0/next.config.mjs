export default {
  // The engine is an addon of Node: it is loaded, not bundled.
  serverExternalPackages: ['usher'],
};
