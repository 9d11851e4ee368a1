export default {
  // The engine is an addon of Node: what runs on the server is loaded, what runs in pages is bundled.
  serverExternalPackages: ['usher/server'],
};
