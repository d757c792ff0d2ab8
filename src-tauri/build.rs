//! Reads tauri.conf.json, the capabilities and the one permission, and embeds the icon where the platform wants it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    // The page is embedded: another page is another program.
    println!("cargo:rerun-if-changed=ui/dist");
    let page = tauri_build::AppManifest::new().permissions_path_pattern("src-tauri/permissions/**/*");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*")
        .app_manifest(page)
        .windows_attributes(
            tauri_build::WindowsAttributes::new().window_icon_path("src-tauri/icons/icon.ico"),
        );
    Ok(tauri_build::try_build(attributes)?)
}
