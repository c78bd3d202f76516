Register-ArgumentCompleter -Native -CommandName hailuo -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_HAILUO_COMPLETE = 'complete_powershell'
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '' }
    hailuo @words | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
    }
    Remove-Item Env:_HAILUO_COMPLETE
}
