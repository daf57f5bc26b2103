# cmake --install: the program, the library with its two headers, the configurations, and what find_package(Cloze) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS cloze RUNTIME)
install(TARGETS cloze_library EXPORT ClozeTargets LIBRARY)
install(FILES engine/api/cloze.h engine/base/error.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cloze)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/cloze)
install(FILES README.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Cloze)
install(EXPORT ClozeTargets NAMESPACE Cloze:: DESTINATION ${package_folder})
file(WRITE ${PROJECT_BINARY_DIR}/ClozeConfig.cmake "include(\"\${CMAKE_CURRENT_LIST_DIR}/ClozeTargets.cmake\")\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ClozeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ClozeConfig.cmake ${PROJECT_BINARY_DIR}/ClozeConfigVersion.cmake
        DESTINATION ${package_folder})
